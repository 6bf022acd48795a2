"""The mappings that the page of connectors shows are mappings."""

import re
import tomllib
from pathlib import Path

from adapters.connectors.extract_mapping import parse_extract_mapping
from adapters.connectors.sql_mapping import parse_mapping
from policies.vocabulary import Category

PAGE = Path(__file__).resolve().parents[3] / "docs/connectors.md"


def test_the_examples_of_the_page_are_read() -> None:
    of_server, of_sql, of_extract = re.findall(
        r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert set(tomllib.loads(of_server)) == {"url", "name", "token_file", "ca_file"}
    mapping = parse_mapping(of_sql.encode())
    assert set(mapping.categories) == {Category.SOCIAL_CARE_HISTORY}
    assert set(mapping.find.parameters) == {"key", "id_nhs", "id_upn", "id_lachild", "born"}
    assert parse_extract_mapping(of_extract.encode()).person.identifiers == {"crn": "CRN", "pnc": "PNC"}
