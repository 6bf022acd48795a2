"""How the adapters read the registers: the pages an agency would write once, and what each may answer by
itself. Everything in them is invented.
"""

from typing import Final

POLICE_MAPPING: Final = """\
name = "Eastmere police register (invented)"
database = "police.db"

[find]
identifiers = ["pnc"]
sql = '''
SELECT id AS key, surname AS family, forenames AS given, dob AS born, pnc AS id_pnc, address FROM nominal
'''

[category.police_incidents]
sql = '''
SELECT o.at AS "on", o.summary AS what, o.officer AS recorded_by, 'occurrence ' || o.id AS reference,
       o.protected AS sensitive, o.force AS force
FROM occurrence AS o JOIN involved AS i ON i.occurrence = o.id WHERE i.nominal = :key
'''
detail = { force = "force" }

[category.missing_episodes]
sql = '''
SELECT gone_on AS "on", summary AS what, officer AS recorded_by, 'missing ' || id AS reference
FROM missing WHERE nominal = :key
'''

[category.police_intelligence]
sql = '''
SELECT received AS "on", report AS what, 'allegation' AS nature, 'intelligence ' || id AS reference
FROM intelligence WHERE nominal = :key
'''
"""
"""`police.toml`, beside `police.db`."""

CARE_MAPPING: Final = """\
name = "Eastmere social care records (invented)"
database = "care.db"

[find]
identifiers = ["nhs"]
complete = ["nhs"]
sql = '''
SELECT lcs_id AS key, family_name AS family, given_names AS given, birth_date AS born, nhs_number AS id_nhs,
       address
FROM child
'''

[category.social_care_history]
sql = '''
SELECT started AS "on", what, worker AS recorded_by, 'involvement ' || id AS reference, ended,
       restricted AS sensitive
FROM involvement WHERE child = :key
'''
detail = { ended = "ended on" }

[category.child_protection_plan]
sql = 'SELECT made AS "on", category AS what, ended FROM plan WHERE child = :key'
detail = { ended = "ended on" }
"""
"""`care.toml`, beside `care.db`."""

PROBATION_MAPPING: Final = """\
name = "Eastmere probation extract (invented)"
as_of = "file"

[person]
key = "CRN"
family = "Surname"
given = "Forename"
born = "DOB"
address = ["Address"]
identifiers = { pnc = "PNC", crn = "CRN" }

[[entry]]
category = "probation_supervision"
what = "{Event}. {Note}"
on = "Started"
reference = "CRN"
detail = { "Order" = "order" }
"""
"""`probation.toml`, beside `probation.csv`."""


def rules(*categories: str, preset: str, necessity: str, who: str, schedule1: str = "c") -> str:
    """Give an `answering.toml` by which the adapter answers these categories of an s.47 ask by itself."""
    reason = f'schedule1 = "{schedule1}"\n' if schedule1 else ""
    parts = [
        f"""\
[category.{category}]
release = "automatic"
nil = "automatic"
sensitive = "withheld"
purposes = ["child_protection_enquiry"]
preset = "{preset}"
{reason}handling = "official_sensitive_personal"
necessity = "{necessity}"
"""
        for category in categories
    ]
    return "\n".join([f'[practitioner]\nid = "{who}"\nrole = "screener"\n', *parts])


CARE_RULES: Final = rules(
    "social_care_history", "child_protection_plan",
    preset="s47-answering-social-care", necessity="What was known before bears on the joint enquiry.",
    who="records-desk",
)  # fmt: skip
PROBATION_RULES: Final = rules(
    "probation_supervision",
    preset="s47-answering-probation", necessity="What the brother saw at home bears on the child's safety.",
    who="case-administrator-5",
)  # fmt: skip
POLICE_RULES: Final = (
    rules(
        "police_incidents", "missing_episodes",
        preset="s47-answering-police", necessity="The calls bear on the child's safety at home.",
        who="vulnerability-desk",
    )
    + """
[category.police_intelligence]
release = "two_persons"            # one prepares and sanitises, another approves
approver = "manager"
purposes = ["child_protection_enquiry"]
preset = "s47-answering-police"
schedule1 = "c"
handling = "official_sensitive_personal"
necessity = "What is said of the parent bears on why the child is brought in so often."
"""
)  # fmt: skip
