"""An invented family as FHIR R4, so that the connector is tried without anybody else's data.

Nobody here exists; NHS numbers are of the range 999, which is never issued.
"""

import json
from pathlib import Path
from typing import Any

from nhs_number.validate import calculate_checksum

from adapters.connectors.connector import SubjectSought
from adapters.connectors.nhs_number import FHIR_SYSTEM, SYSTEM
from broker.protocol.body import Identifier
from policies.vocabulary import SubjectRole

Json = dict[str, Any]
_XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


def nhs(ordinal: int) -> str:
    """Give the first valid number of the range 999 from an ordinal times ten on, so that ordinals give unlike
    numbers.
    """
    for tail in range(10):
        start = f"999{ordinal * 10 + tail:06}"
        digit = calculate_checksum(start)
        if digit is not None and digit < 10:
            return f"{start}{digit}"
    raise AssertionError("two neighbours never both lack a check digit")


CHILD, MOTHER, NEIGHBOUR = nhs(1), nhs(2), nhs(3)
STREET, TOWN, POSTCODE = "17 Figment Crescent", "Nowhere-on-Sea", "ZZ99 4XY"
PHONE, EMAIL = "01632 960111", "maud.madeup@example.org"
SURGERY, ODS = "Imaginary Lane Surgery", "Z99998"


def patient(id: str, number: str | None, **more: Any) -> Json:
    """Give a Patient."""
    identifiers = [] if number is None else [{"system": FHIR_SYSTEM, "value": number}]
    return {"resourceType": "Patient", "id": id, "identifier": identifiers} | more


def child(**more: Any) -> Json:
    """Give the child: Testina Madeup, not restricted, with a home, a telephone and a GP."""
    return (
        patient("child", CHILD)
        | {
            "name": [{"use": "official", "given": ["Testina"], "family": "Madeup"}],
            "birthDate": "2016-02-29",
            "gender": "female",
            "address": [
                {"use": "home", "line": ["3 Invention Row"], "city": "Elsewhere", "postalCode": "ZZ99 1AA"}
            ],
            "telecom": [{"system": "phone", "value": "01632 960222"}],
            "generalPractitioner": [
                {
                    "display": SURGERY,
                    "identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": ODS},
                }
            ],
        }
        | more
    )


def mother(**more: Any) -> Json:
    """Give the mother: Maud Madeup, restricted, with everything that must not leave in every place it can
    stand.
    """
    return (
        patient("mother", MOTHER)
        | {
            "meta": security("R"),
            "name": [{"use": "official", "given": ["Maud"], "family": "Madeup"}],
            "birthDate": "1990-04-01",
            "address": [{"use": "home", "line": [STREET], "city": TOWN, "postalCode": POSTCODE}],
            "telecom": [{"system": "phone", "value": PHONE}, {"system": "email", "value": EMAIL}],
            "generalPractitioner": [{"reference": "Organization/gp"}],
            "managingOrganization": {"display": SURGERY},
            "contact": [
                {"name": {"text": f"A friend at {STREET}"}, "telecom": [{"system": "phone", "value": PHONE}]}
            ],
            "extension": [
                {
                    "url": "https://example.org/where",
                    "valueAddress": {"line": [STREET], "postalCode": POSTCODE},
                },
                {"url": "https://example.org/words", "valueString": f"Lives at {STREET}, {POSTCODE}"},
            ],
            "text": {"status": "generated", "div": f"<div {_XHTML}>{STREET} {PHONE}</div>"},
        }
        | more
    )


SECRETS = (STREET, "Figment Crescent", TOWN, POSTCODE, PHONE, EMAIL, SURGERY, ODS)
"""What must not leave of the mother."""


def snomed(display: str) -> Json:
    """Give a coding of a published terminology."""
    return {"system": "http://snomed.info/sct", "display": display}


def mothers_records() -> list[Json]:
    """Give the mother's clinical resources, each with a secret wherever there is room for one."""
    there = {"reference": "Patient/mother"}
    leak = f"Seen at {STREET}, {POSTCODE}; ring {PHONE} or {EMAIL}; registered with {SURGERY}"
    return [
        {
            "resourceType": "Organization",
            "id": "gp",
            "name": SURGERY,
            "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": ODS}],
            "telecom": [{"system": "phone", "value": "01632 960333"}],
            "address": [{"line": ["1 Imaginary Lane"], "postalCode": "ZZ99 2BB"}],
        },
        {
            "resourceType": "Encounter",
            "id": "e1",
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "EMER"},
            "subject": there,
            "period": {"start": "2026-05-04T22:10:00+01:00"},
            "reasonCode": [{"coding": [snomed("Fracture of wrist")], "text": leak}],
            "serviceProvider": {"display": SURGERY},
            "participant": [{"individual": {"display": f"Dr Fancy of {SURGERY}"}}],
            "location": [{"location": {"display": f"Home: {STREET}"}}],
        },
        {
            "resourceType": "Encounter",
            "id": "e2",
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HH"},
            "subject": there,
            "period": {"start": "2026-06-01"},
            # A system that writes where it should code.
            "reasonCode": [{"coding": [snomed("Visit, figment-crescent 17 (zz994xy)")]}],
        },
        {
            "resourceType": "Condition",
            "id": "c1",
            "subject": there,
            "onsetDateTime": "2026-05",
            "code": {"coding": [snomed("Anxiety disorder (disorder)")], "text": leak},
            "recorder": {"display": f"Nurse at {SURGERY}"},
            "note": [{"text": leak}],
        },
        {
            "resourceType": "Observation",
            "id": "o1",
            "status": "final",
            "subject": there,
            "effectiveDateTime": "2026-05-04",
            "code": {"coding": [snomed("Body weight")]},
            "valueQuantity": {"value": 61.5, "unit": "kg"},
            "performer": [{"display": SURGERY}],
            "note": [{"text": leak}],
        },
        {
            "resourceType": "Observation",
            "id": "o2",
            "status": "final",
            "subject": there,
            "effectiveDateTime": "2026-05-05",
            "code": {"coding": [snomed("Home circumstances")]},
            "valueString": leak,
        },
        {
            "resourceType": "Flag",
            "id": "f1",
            "status": "active",
            "subject": there,
            "code": {"coding": [snomed("Safeguarding concern")], "text": leak},
            "author": {"display": SURGERY},
            "extension": [{"url": "https://example.org/x", "valueString": leak}],
        },
        {
            "resourceType": "RelatedPerson",
            "id": "r1",
            "patient": there,
            "name": [{"given": ["Humphrey"], "family": "Pretend"}],
            "relationship": [{"coding": [snomed("Partner")], "text": leak}],
            "address": [{"line": [STREET], "city": TOWN, "postalCode": POSTCODE}],
            "telecom": [{"system": "phone", "value": PHONE}],
        },
    ]


def childs_records() -> list[Json]:
    """Give the child's: one of each kind."""
    there = {"reference": "Patient/child"}
    return [
        {
            "resourceType": "Encounter",
            "id": "ce1",
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "EMER"},
            "subject": there,
            "period": {"start": "2026-03-02T14:00:00+00:00"},
            "reasonCode": [{"text": "Asthma"}],
            "serviceProvider": {"display": "Invented General Hospital"},
        },
        {
            "resourceType": "Condition",
            "id": "cc1",
            "subject": there,
            "onsetDateTime": "2024-01-10",
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "code": {"text": "Asthma"},
        },
        {
            "resourceType": "Observation",
            "id": "co1",
            "status": "final",
            "subject": there,
            "effectiveDateTime": "2026-03-02",
            "code": {"text": "Body height"},
            "valueQuantity": {"value": 121, "unit": "cm"},
        },
        {
            "resourceType": "Flag",
            "id": "cf1",
            "status": "active",
            "subject": there,
            "code": {"text": "Was not brought"},
        },
        {
            "resourceType": "RelatedPerson",
            "id": "cr1",
            "patient": there,
            "name": [{"text": "Gran Madeup"}],
            "relationship": [{"text": "Grandmother"}],
        },
    ]


def security(code: str) -> Json:
    """Give a meta with one confidentiality label."""
    return {
        "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": code}]
    }


def bundle(*resources: Json) -> Json:
    """Give a collection Bundle."""
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in resources],
    }


def write(folder: Path, **files: Json | str | bytes) -> Path:
    """Write files, JSON where not already text, and give the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        data = (
            content
            if isinstance(content, bytes)
            else (content if isinstance(content, str) else json.dumps(content)).encode()
        )
        (folder / f"{name}.json").write_bytes(data)
    return folder


def sought(number: str | None, **more: Any) -> SubjectSought:
    """Give somebody sought by a number, as an asker would."""
    given = () if number is None else (Identifier(system=SYSTEM, value=number, checked=True),)
    return SubjectSought(role=SubjectRole.CHILD, identifiers=given, **more)
