"""The kinds of record system: each opens, and whatever is none is refused with what to write instead."""

import subprocess
import sys
from importlib import import_module

import pytest

from adapters.connectors.registry import KINDS, described, kind_of, open_connector
from adapters.errors import WrongOrder


@pytest.mark.parametrize("word", KINDS)
def test_every_kind_has_an_opener_that_refuses_a_place_that_is_none(word: str) -> None:
    module, _, function = KINDS[word].opener.partition(":")
    assert callable(getattr(import_module(f"adapters.connectors.{module}"), function))
    with pytest.raises(WrongOrder) as refused:
        open_connector(f"{word}:/no/such/place")
    assert refused.value.message.endswith(".")
    assert f"{word}:{KINDS[word].place}" in described()


@pytest.mark.parametrize("named", ["", "fhir", "fhir:", "x:y", ":", "FHIR:/tmp"])
def test_what_names_no_kind_or_no_place_is_refused(named: str) -> None:
    with pytest.raises(WrongOrder) as refused:
        kind_of(named)
    assert refused.value.code == "unknown-connector"


def test_naming_the_kinds_loads_none_of_them() -> None:
    program = "import sys, adapters.connectors.registry; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert not {"pydantic", "aiohttp", "adapters.connectors.fhir_folder"} & set(said.split())
