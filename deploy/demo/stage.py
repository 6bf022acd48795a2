"""The stage: a hub, five agencies enrolled at it, their adapters running, and each pair that will write to
each other confirmed by "telephone".
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from deploy.demo.mappings import (
    CARE_MAPPING,
    CARE_RULES,
    POLICE_MAPPING,
    POLICE_RULES,
    PROBATION_MAPPING,
    PROBATION_RULES,
)
from deploy.demo.papers import CARE, HEALTH, POLICE, PROBATION, RELEASE_RULES, SCHOOL
from deploy.demo.programs import ADAPTER, HUB, Answer, Programs
from deploy.demo.record_folder import write_records
from deploy.demo.registers import care_register, police_register, probation_extract

_COUNCIL: Final = {
    "id": "eastmere-council",
    "name": "Eastmere Council (invented)",
    "public_authority": True,
    "local_authority": True,
}
_TRUST: Final = {
    "id": "eastmere-trust",
    "name": "Eastmere Hospital NHS Trust (invented)",
    "public_authority": True,
    "nhs_body": True,
}
_ACADEMY: Final = {
    "id": "eastmere-academy",
    "name": "Eastmere Primary Academy (invented)",
    "public_authority": True,
    "school": True,
}
_FORCE: Final = {
    "id": "eastmere-force",
    "name": "Eastmere Constabulary (invented)",
    "public_authority": True,
    "police_force": True,
    "competent_authority_for": ["law enforcement"],
}
_PROBATION: Final = {
    "id": "eastmere-probation-service",
    "name": "Eastmere Probation (invented)",
    "public_authority": True,
    "probation_body": True,
    "competent_authority_for": ["law enforcement"],
}
AGENCIES: Final = (
    (
        CARE,
        "Eastmere children's social care (invented)",
        "social_care",
        _COUNCIL,
        "Duty desk, 01632 960001 (invented)",
    ),
    (HEALTH, "Eastmere Hospital (invented)", "health", _TRUST, "Named nurse, 01632 960002 (invented)"),
    (
        SCHOOL,
        "Eastmere Primary (invented)",
        "education",
        _ACADEMY,
        "Safeguarding lead, 01632 960003 (invented)",
    ),
    (
        POLICE,
        "Eastmere public protection (invented)",
        "police",
        _FORCE,
        "Duty sergeant, 01632 960004 (invented)",
    ),
    (
        PROBATION,
        "Eastmere probation (invented)",
        "probation",
        _PROBATION,
        "Senior probation officer, 01632 960005 (invented)",
    ),
)
_MAY_WRITE: Final = (
    (CARE, HEALTH),
    (CARE, SCHOOL),
    (CARE, POLICE),
    (CARE, PROBATION),
    (PROBATION, CARE),
    (HEALTH, CARE),
    (SCHOOL, CARE),
    (POLICE, CARE),
)
# Police intelligence is left out of the agreement: that ask will be held.
_AGREED: Final = (
    "attendance,school_concerns,contact_report,health_attendances,health_conditions,health_observations,"
    "missing_episodes,police_incidents,offences,probation_supervision,household,social_care_history,"
    "child_protection_plan,outcome"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One agency as the play drives it."""

    name: str
    folder: Path
    programs: Programs
    records: tuple[str | Path, ...] = ()
    """How its adapter is told of its record system; a school has none."""

    async def do(self, command: str, *arguments: str | Path, expect: tuple[int, ...] = (0,)) -> Answer:
        """Type one command of `gatehouse-adapter`."""
        return await self.programs.ask(ADAPTER, command, *arguments, "--state", self.folder, expect=expect)

    async def start(self) -> None:
        """Start its adapter and wait until it is connected."""
        await self.programs.start(
            self.name,
            ADAPTER,
            "run",
            "--state",
            self.folder,
            *self.records,
            ready=f"{self.name} is connected",
        )

    async def stop(self) -> None:
        """Stop its adapter."""
        await self.programs.stop(self.name)

    def paper(self, name: str, text: str) -> Path:
        """Lay a paper on the desk; give its path."""
        path = self.folder.parent / "papers" / self.name / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything the play needs."""

    state: Path
    hub: Path
    url: str
    programs: Programs
    desks: dict[str, Desk]

    async def hub_command(self, *arguments: str | Path, expect: tuple[int, ...] = (0,)) -> Any:
        """Type one command of `gatehouse` on the hub's own state folder; give the JSON it printed."""
        return (await self.programs.ask(HUB, *arguments, "--state", self.hub, expect=expect)).said


async def open_hub(state: Path, programs: Programs) -> Stage:
    """Start the hub in a folder of its own."""
    hub = state / "hub"
    line = await programs.start(
        "hub", HUB, "serve", "--state", hub, "--port", "0", ready="gatehouse is listening"
    )
    kept = {
        CARE: f"sql:{state / 'registers' / 'care.toml'}",
        POLICE: f"sql:{state / 'registers' / 'police.toml'}",
        HEALTH: f"fhir:{state / 'hospital-records'}",
        PROBATION: f"extract:{state / 'registers' / 'probation.csv'}",
    }
    desks = {
        name: Desk(
            name=name,
            folder=state / name,
            programs=programs,
            records=("--connector", kept[name]) if name in kept else (),
        )
        for name, *_ in AGENCIES
    }
    return Stage(state=state, hub=hub, url=line.rsplit(" ", 1)[1], programs=programs, desks=desks)


async def enrol(stage: Stage) -> dict[str, str]:
    """Add every agency, sign the agreements, enrol; give each agency's fingerprint."""
    codes = await asyncio.gather(
        *(
            stage.hub_command(
                "agency", "add", name, "--name", title, "--sector", sector, "--controller", json.dumps(body),
                "--duty-contact", contact,
            )
            for name, title, sector, body, contact in AGENCIES
        ),
    )  # fmt: skip
    enrolled = await asyncio.gather(
        *(_enrol(stage, code["agency"], code["code"]) for code in codes),
        _sign(stage),
    )
    return {each["agency"]: each["fingerprint"] for each in enrolled if each is not None}


async def go_live(stage: Stage, fingerprints: dict[str, str], today: date) -> None:
    """Lay out every agency's records, start the adapters; then each desk confirms whom it writes to."""
    write_records(stage.state / "hospital-records", today)
    registers = stage.state / "registers"
    registers.mkdir()
    police_register(registers / "police.db", today)
    care_register(registers / "care.db", today)
    probation_extract(registers / "probation.csv", today)
    (registers / "police.toml").write_text(POLICE_MAPPING)
    (registers / "care.toml").write_text(CARE_MAPPING)
    (registers / "probation.toml").write_text(PROBATION_MAPPING)
    for name, rules in (
        (HEALTH, RELEASE_RULES), (CARE, CARE_RULES), (POLICE, POLICE_RULES), (PROBATION, PROBATION_RULES)
    ):  # fmt: skip
        (stage.desks[name].folder / "answering.toml").write_text(rules)
    await asyncio.gather(*(desk.start() for desk in stage.desks.values()))
    await asyncio.gather(
        *(stage.desks[one].do("keys", "confirm", other, fingerprints[other]) for one, other in _MAY_WRITE)
    )


async def _enrol(stage: Stage, name: str, code: str) -> Any:
    path = stage.desks[name].paper("enrolment-code.txt", code)
    path.chmod(0o600)
    answer = await stage.desks[name].do("enrol", "--hub", stage.url, "--agency", name, "--code-file", path)
    path.unlink()
    return answer.said


async def _sign(stage: Stage) -> None:
    await stage.programs.ask(
        HUB, "agreement", "sign", "--id", "eastmere-2026",
        "--controllers", ",".join(str(body["id"]) for _, _, _, body, _ in AGENCIES),
        "--purposes", "child_protection_enquiry,early_help,safeguarding_contact,outcome_feedback",
        "--categories", _AGREED, "--from", "2026-01-01", "--state", stage.hub, as_json=False,
    )  # fmt: skip
