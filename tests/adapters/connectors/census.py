"""A census read by the tests' own hand, and laid down again as CSV files and as tables of a database."""

import csv
import sqlite3
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

MAPPING: Final = '''
name = "Case system"
database = "{database}"

[find]
identifiers = ["lachild", "upn"]
complete = ["lachild"]
sql = """
SELECT lachildid AS key, lachildid AS id_lachild, upn AS id_upn, born
FROM child
WHERE lachildid = :key OR upper(lachildid) = :id_lachild OR upn = :id_upn OR born = :born
"""

[category.social_care_history]
sql = """
SELECT referral AS "on", 'Referral' AS what, need, closed, lachildid AS reference,
       CASE WHEN reason = 'RC1' THEN 1 END AS sensitive
FROM episode WHERE lachildid = :key ORDER BY referral DESC
"""
detail = {{ need = "primary need", closed = "closed on" }}
'''
SCHEMA: Final = (
    "CREATE TABLE child (lachildid text PRIMARY KEY, upn text, born date)",
    "CREATE TABLE episode (lachildid text, referral date, need text, closed date, reason text)",
)
Children = list[tuple[str, str, str]]
Episodes = list[tuple[str, str, str, str | None, str | None]]


def children_of(path: Path) -> tuple[Children, Episodes]:
    """LAchildID, UPN and birth date of each child, and the episodes."""
    children: Children = []
    episodes: Episodes = []
    for child in ET.parse(path).getroot().iter("Child"):
        found = child.find("ChildIdentifiers")
        assert found is not None
        whose = found.findtext("LAchildID") or ""
        children.append((whose, found.findtext("UPN") or "", found.findtext("PersonBirthDate") or ""))
        episodes += [
            (
                whose,
                episode.findtext("CINreferralDate") or "",
                episode.findtext("PrimaryNeedCode") or "",
                episode.findtext("CINclosureDate"),
                episode.findtext("ReasonForClosure"),
            )
            for episode in child.iter("CINdetails")
        ]
    return children, episodes


def write_csv(folder: Path, children: Children, episodes: Episodes) -> Path:
    """The census as a folder of CSV files named by block."""
    folder.mkdir()
    header = [["Collection", "Year", "ReferenceDate"], ["CIN", "2022", "2022-07-21"]]
    blocks: dict[str, list[list[str]]] = {
        "Header": header,
        "ChildIdentifiers": [["LAchildID", "UPN", "PersonBirthDate"], *map(list, children)],
        "CINdetails": [
            ["LAchildID", "CINreferralDate", "PrimaryNeedCode", "CINclosureDate", "ReasonForClosure"],
            *([cell or "" for cell in episode] for episode in episodes),
        ],
    }
    for name, lines in blocks.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(lines)
    return folder


def write_sqlite(folder: Path, children: Children, episodes: Episodes) -> Path:
    """The census as a SQLite file; gives its mapping's path."""
    connection = sqlite3.connect(folder / "cases.db")
    for statement in SCHEMA:
        connection.execute(statement)
    connection.executemany("INSERT INTO child VALUES (?, ?, ?)", children)
    connection.executemany("INSERT INTO episode VALUES (?, ?, ?, ?, ?)", episodes)
    connection.commit()
    connection.close()
    mapping = folder / "sqlite.toml"
    mapping.write_text(MAPPING.format(database="cases.db"))
    return mapping
