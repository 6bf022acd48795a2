"""The two parties: an agency, the legal bodies it acts for, and what is recorded of each body.

The law looks at facts of a body, never at its sector: an academy is a public authority, most independent
schools are not.
"""

from dataclasses import dataclass
from enum import StrEnum

from policies.grounds import Grounds
from policies.vocabulary import Sector


class BodyFact(StrEnum):
    """A fact of a body that a catalogue entry may require."""

    PUBLIC_AUTHORITY = "public_authority"
    """A public authority (DPA 2018 s.7)."""
    NOT_PUBLIC_AUTHORITY = "not_public_authority"
    """Any other body."""
    LOCAL_AUTHORITY = "local_authority"
    """A council."""
    NHS_BODY = "nhs_body"
    """An NHS body."""
    SCHOOL = "school"
    """A school, college or other place of education."""
    POLICE_FORCE = "police_force"
    """A chief officer's force."""
    COMPETENT_AUTHORITY = "competent_authority"
    """A competent authority for some function (DPA 2018 s.30)."""
    PROBATION_BODY = "probation_body"
    """The probation service or a provider of it."""
    YOUTH_OFFENDING_TEAM = "youth_offending_team"
    """A youth offending team."""
    DESIGNATED_AGENCY = "designated_agency"
    """A childcare or education agency designated in the local safeguarding arrangements (CA 2004 s.16E)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerFacts:
    """A legal body and what an administrator has recorded of it.

    `competent_authority_for` names the functions for which it is a Part 3 competent authority; empty for
    none.
    """

    id: str
    name: str
    public_authority: bool
    local_authority: bool = False
    nhs_body: bool = False
    school: bool = False
    police_force: bool = False
    competent_authority_for: tuple[str, ...] = ()
    probation_body: bool = False
    youth_offending_team: bool = False
    designated_agency: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One side of an exchange.

    `duty_contact` is the desk to ring, as the hub shows it. `grounds` is None where the party has claimed
    nothing (the source of an ask claims when it answers).
    """

    agency: str
    sector: Sector
    controllers: tuple[ControllerFacts, ...]
    duty_contact: str
    grounds: Grounds | None = None


def facts_of(controller: ControllerFacts) -> frozenset[BodyFact]:
    """The facts recorded of one body, as the catalogue names them."""
    facts = [BodyFact.PUBLIC_AUTHORITY if controller.public_authority else BodyFact.NOT_PUBLIC_AUTHORITY]
    if controller.local_authority:
        facts.append(BodyFact.LOCAL_AUTHORITY)
    if controller.nhs_body:
        facts.append(BodyFact.NHS_BODY)
    if controller.school:
        facts.append(BodyFact.SCHOOL)
    if controller.police_force:
        facts.append(BodyFact.POLICE_FORCE)
    if controller.competent_authority_for:
        facts.append(BodyFact.COMPETENT_AUTHORITY)
    if controller.probation_body:
        facts.append(BodyFact.PROBATION_BODY)
    if controller.youth_offending_team:
        facts.append(BodyFact.YOUTH_OFFENDING_TEAM)
    if controller.designated_agency:
        facts.append(BodyFact.DESIGNATED_AGENCY)
    return frozenset(facts)
