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
    id INTEGER PRIMARY KEY, at TEXT, summary TEXT, force TEXT, officer TEXT, protected INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE involved (occurrence INTEGER, nominal INTEGER, part TEXT);
CREATE TABLE missing (id INTEGER PRIMARY KEY, nominal INTEGER, gone_on TEXT, summary TEXT, officer TEXT);
CREATE TABLE intelligence (
    id INTEGER PRIMARY KEY, nominal INTEGER, received TEXT, report TEXT, source INTEGER, information TEXT, handling TEXT
);
"""
_CARE: Final = """
CREATE TABLE child (
    lcs_id TEXT PRIMARY KEY, family_name TEXT, given_names TEXT, birth_date TEXT, nhs_number TEXT, address TEXT
);
CREATE TABLE involvement (
    id INTEGER PRIMARY KEY, child TEXT, started TEXT, ended TEXT, what TEXT, worker TEXT, restricted INTEGER NOT NULL
);
CREATE TABLE plan (id INTEGER PRIMARY KEY, child TEXT, made TEXT, category TEXT, ended TEXT);
"""


def police_register(path: Path, today: date) -> None:
    """Write the police's database: the mother's history in another area, and two children of nearly one name."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(_POLICE)
        people = (
            (1, MORGAN, "2011/0450123F", HOME),
            (2, WREN, None, HOME),
            (3, LARK, None, HOME),
            (4, OTHERS[1], None, "7 Unreal Street, Eastmere, ZZ99 3VZ"),
        )
        for key, person, pnc, address in people:
            db.execute(
                "INSERT INTO nominal VALUES (?, ?, ?, ?, ?, ?)",
                # A child's record was opened from a telephone call, with the initial only.
                (key, person.family.upper(), "W" if person is WREN else person.given, person.born.isoformat(), pnc,
                 address),
            )  # fmt: skip
        # Nearly the same name and birth date, in another area: another child.
        db.execute(
            "INSERT INTO nominal VALUES (5, ?, ?, ?, NULL, ?)",
            (WREN.family.upper(), "Wrenn", (WREN.born + timedelta(days=1)).isoformat(), ELSEWHERE),
        )
        happened = (
            (1, 3_020, "Infant brought to hospital by mother with unexplained seizures; none seen by staff. "
             "Referred to social care there; no outcome is recorded.", "Northmere Constabulary"),
            (1, 2_650, "Neighbour dispute; mother gave an account that two witnesses contradicted.",
             "Northmere Constabulary"),
            (1, 120, "Call to the home: child said to be unconscious. Ambulance crew found child awake and well.",
             "Eastmere Constabulary"),
            (4, 44, "Bicycle stolen.", "Eastmere Constabulary"),
        )  # fmt: skip
        for number, (nominal, days, summary, force) in enumerate(happened, start=1):
            db.execute(
                "INSERT INTO occurrence (id, at, summary, force, officer) VALUES (?, ?, ?, ?, ?)",
                (number, (today - timedelta(days=days)).isoformat(), summary, force, "PC 77"),
            )
            db.execute("INSERT INTO involved VALUES (?, ?, 'subject')", (number, nominal))
        episodes = (
            (2, 52, "Not collected from school; found with mother in a hospital waiting room.", "PC 77"),
            (2, 31, "Away from home overnight with an adult brother; returned safe.", "PC 81"),
            (5, 29, "Reported missing from a shop in Northmere; found after an hour.", "PC 12"),
        )
        for nominal, days, summary, officer in episodes:
            db.execute(
                "INSERT INTO missing (nominal, gone_on, summary, officer) VALUES (?, ?, ?, ?)",
                (nominal, (today - timedelta(days=days)).isoformat(), summary, officer),
            )
        db.execute(
            "INSERT INTO intelligence (nominal, received, report, source, information, handling) "
            "VALUES (1, ?, ?, 2, 'C', 'C')",
            (
                (today - timedelta(days=75)).isoformat(),
                "Mother is said to read about childhood epilepsy at length. Told by her neighbour at number 6.",
            ),
        )
        db.commit()


def care_register(path: Path, today: date) -> None:
    """Write social care's own database: what it knew of the twins before."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(_CARE)
        for number, person in enumerate((WREN, LARK, *OTHERS), start=1):
            db.execute(
                "INSERT INTO child VALUES (?, ?, ?, ?, ?, ?)",
                (f"LCS-{number:04d}", person.family, person.given, person.born.isoformat(), person.nhs, HOME),
            )
        db.execute(
            "INSERT INTO involvement (child, started, ended, what, worker, restricted) VALUES (?, ?, ?, ?, ?, 0)",
            (
                "LCS-0001", (today - timedelta(days=700)).isoformat(), (today - timedelta(days=640)).isoformat(),
                "Assessment after a referral from another area; closed, no further action.", "Social worker 31",
            ),
        )  # fmt: skip
        db.execute(
            "INSERT INTO involvement (child, started, ended, what, worker, restricted) VALUES (?, ?, NULL, ?, ?, 1)",
            ("LCS-0001", (today - timedelta(days=20)).isoformat(), "A restricted note.", "Social worker 31"),
        )
        db.commit()


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
