"""The hospital's records, as a folder of FHIR R4 resources: two of the case's people, and others nobody asks
about.
"""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from deploy.demo.people import MORGAN, OTHERS, WREN, Person

_NHS = "https://fhir.nhs.uk/Id/nhs-number"
_VERIFIED = {
    "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
    "valueCodeableConcept": {"coding": [{"code": "01", "display": "Number present and verified"}]},
}


def write_records(folder: Path, today: date) -> None:
    """Write the folder; dates run up to `today`."""
    folder.mkdir(parents=True)
    resources = [_patient(person) for person in (WREN, MORGAN, *OTHERS)]
    resources += [
        _visit(
            WREN, today - timedelta(days=61), "Parent reports fits at home. Examined, none seen; discharged."
        ),
        _visit(WREN, today - timedelta(days=33), "Parent reports wheeze. Chest clear; discharged."),
        _visit(
            WREN, today - timedelta(days=9), "Parent reports rash and fever. No rash, 36.8 C; discharged."
        ),
        _visit(OTHERS[0], today - timedelta(days=9), "Sprained wrist."),
        _condition(WREN, today - timedelta(days=33), "Asthma: suspected, not confirmed on testing"),
        _condition(OTHERS[1], today - timedelta(days=400), "Hay fever"),
        _observation(WREN, today - timedelta(days=33), "Peak expiratory flow", 210, "L/min"),
    ]
    for number, resource in enumerate(resources):
        name = f"{resource['resourceType'].lower()}-{number:02d}.json"
        (folder / name).write_text(
            json.dumps({**resource, "id": f"demo-{resource.get('id', number)}"}, indent=1)
        )


def _key(person: Person) -> str:
    return person.given.lower()


def _subject(person: Person) -> dict[str, str]:
    return {"reference": f"Patient/demo-{_key(person)}"}


def _patient(person: Person) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": _key(person),
        "identifier": [{"extension": [_VERIFIED], "system": _NHS, "value": person.nhs}],
        "active": True,
        "name": [{"use": "official", "family": person.family, "given": [person.given]}],
        "birthDate": person.born.isoformat(),
    }


def _visit(person: Person, on: date, reason: str) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
            "code": "EMER",
            "display": "emergency",
        },
        "subject": _subject(person),
        "period": {"start": f"{on}T18:40:00Z", "end": f"{on}T21:05:00Z"},
        "reasonCode": [{"text": reason}],
    }


def _condition(person: Person, on: date, what: str) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "clinicalStatus": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}
            ],
        },
        "code": {"text": what},
        "subject": _subject(person),
        "recordedDate": on.isoformat(),
    }


def _observation(person: Person, on: date, what: str, value: float, unit: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": what},
        "subject": _subject(person),
        "effectiveDateTime": on.isoformat(),
        "valueQuantity": {"value": value, "unit": unit},
    }
