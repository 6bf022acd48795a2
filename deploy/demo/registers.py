"""Record systems that are no FHIR: the police's and social care's databases, and probation's weekly extract.
Each is laid out as such systems are, and holds people nobody asks about beside those of the case.
"""

import csv
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from deploy.demo.people import ASH, LARK, MORGAN, OTHERS, WREN, Person

HOME: Final = "4 Invented Row, Eastmere, ZZ99 3VZ"
"""Where the family lives; the postcode is of the range that stands for no place."""
ELSEWHERE: Final = "19 Nowhere Lane, Northmere, ZZ99 3WZ"
"""Where the family lived before, in another force's area."""

_POLICE: Final = """
CREATE TABLE nominal (id INTEGER PRIMARY KEY, surname TEXT, forenames TEXT, dob TEXT, pnc TEXT, address TEXT);
CREATE TABLE occurrence (
    id INTEGER PRIMARY KEY, at TEXT, summary TEXT, force TEXT, officer TEXT, protected INTEGER DEFAULT 0
);
CREATE TABLE involved (occurrence INTEGER, nominal INTEGER);
CREATE TABLE missing (id INTEGER PRIMARY KEY, nominal INTEGER, gone_on TEXT, summary TEXT, officer TEXT);
CREATE TABLE intelligence (id INTEGER PRIMARY KEY, nominal INTEGER, received TEXT, report TEXT);
"""
_CARE: Final = """
CREATE TABLE child (
    lcs_id TEXT PRIMARY KEY, family_name TEXT, given_names TEXT, birth_date TEXT, nhs_number TEXT,
    address TEXT
);
CREATE TABLE involvement (
    id INTEGER PRIMARY KEY, child TEXT, started TEXT, ended TEXT, what TEXT, worker TEXT, restricted INTEGER
);
CREATE TABLE plan (id INTEGER PRIMARY KEY, child TEXT, made TEXT, category TEXT, ended TEXT);
"""


def police_register(path: Path, today: date) -> None:
    """Write the police's database: the mother's history elsewhere, and two children of nearly one name."""
    family = WREN.family.upper()
    day_after = (WREN.born + timedelta(days=1)).isoformat()
    there, here = "Northmere Constabulary", "Eastmere Constabulary"
    people = (
        (1, MORGAN.family.upper(), MORGAN.given, MORGAN.born.isoformat(), "2011/0450123F", HOME),
        # Opened from a telephone call, with the initial only.
        (2, family, "W", WREN.born.isoformat(), None, HOME),
        (3, family, LARK.given, LARK.born.isoformat(), None, HOME),
        (4, OTHERS[1].family.upper(), OTHERS[1].given, OTHERS[1].born.isoformat(), None, ELSEWHERE),
        # Nearly the same name and birth date, in another area: another child.
        (5, family, "Wrenn", day_after, None, ELSEWHERE),
    )
    happened = (
        (
            1,
            3_020,
            there,
            "Infant brought to hospital by mother with unexplained seizures; staff saw none.",
        ),
        (1, 2_650, there, "Neighbour dispute; mother gave an account that two witnesses contradicted."),
        (1, 120, here, "Call to the home: child said to be unconscious. Ambulance crew found child awake."),
        (4, 44, here, "Bicycle stolen."),
    )
    episodes = (
        (2, 52, "Not collected from school; found with mother in a hospital waiting room.", "PC 77"),
        (2, 31, "Away from home overnight with an adult brother; returned safe.", "PC 81"),
        (5, 29, "Reported missing from a shop in Northmere; found after an hour.", "PC 12"),
    )
    heard = "Mother is said to read about childhood epilepsy at length. Told by her neighbour at number 6."
    with closing(sqlite3.connect(path)) as db:
        db.executescript(_POLICE)
        db.executemany("INSERT INTO nominal VALUES (?, ?, ?, ?, ?, ?)", people)
        for number, (nominal, days, force, summary) in enumerate(happened, start=1):
            db.execute(
                "INSERT INTO occurrence (id, at, summary, force, officer) VALUES (?, ?, ?, ?, 'PC 77')",
                (number, _ago(today, days), summary, force),
            )
            db.execute("INSERT INTO involved VALUES (?, ?)", (number, nominal))
        for nominal, days, summary, officer in episodes:
            db.execute(
                "INSERT INTO missing (nominal, gone_on, summary, officer) VALUES (?, ?, ?, ?)",
                (nominal, _ago(today, days), summary, officer),
            )
        db.execute(
            "INSERT INTO intelligence (nominal, received, report) VALUES (1, ?, ?)", (_ago(today, 75), heard)
        )
        db.commit()


def care_register(path: Path, today: date) -> None:
    """Write social care's own database: what it knew before, and one row nobody else may read."""
    assessed = "Assessment after a referral from another area; closed, no further action."
    rows = (
        (_ago(today, 700), _ago(today, 640), assessed, 0),
        (_ago(today, 20), None, "A restricted note.", 1),
    )
    with closing(sqlite3.connect(path)) as db:
        db.executescript(_CARE)
        for number, person in enumerate((WREN, LARK, *OTHERS), start=1):
            db.execute(
                "INSERT INTO child VALUES (?, ?, ?, ?, ?, ?)",
                (f"LCS-{number:04d}", person.family, person.given, person.born.isoformat(), person.nhs, HOME),
            )
        db.executemany(
            "INSERT INTO involvement (child, started, ended, what, worker, restricted) "
            "VALUES ('LCS-0001', ?, ?, ?, 'Social worker 31', ?)",
            rows,
        )
        db.commit()


def _ago(today: date, days: int) -> str:
    return (today - timedelta(days=days)).isoformat()


_EXTRACT: Final = ("CRN", "Surname", "Forename", "DOB", "PNC", "Address", "Order", "Started", "Event", "Note")


def probation_extract(path: Path, today: date) -> None:
    """Write probation's weekly extract: dates as its system prints them, gaps where it has nothing."""
    rows: list[tuple[Person, str, str, str, int, str, str]] = [
        (ASH, "X100006", "2022/0100042A", "Community order, 12 months", 210, "Supervision meeting",
         "Lives at the family home. Said his mother keeps the younger ones off school when they are well."),
        (ASH, "X100006", "2022/0100042A", "Community order, 12 months", 24, "Missed appointment",
         "Said he was minding his brother and sister, who were 'ill again'."),
        (OTHERS[1], "X100044", "", "Unpaid work, 80 hours", 90, "Supervision meeting", "Attended."),
    ]  # fmt: skip
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(_EXTRACT)
        for person, crn, pnc, order, days, event, note in rows:
            writer.writerow(
                (
                    crn, person.family.upper(), person.given, f"{person.born:%d/%m/%Y}", pnc, HOME, order,
                    f"{today - timedelta(days=days):%d-%b-%Y}", event, note,
                )
            )  # fmt: skip
