"""Consent: what a declaration claims of it, and what the hub knows of it.

Consent is not a veto. It decides only what rests on it: withdrawing it ends an Article 6(1)(a) basis, an
Article 9(2)(a) condition or a common-law answer that names it, and nothing that rests on a duty.
"""

from dataclasses import dataclass

from policies.vocabulary import ConsentOutcome, WhyNotSought


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPosition:
    """What the declaration says.

    `why_not_sought` is present exactly when consent was not sought; `reference` names the hub's consent
    record.
    """

    outcome: ConsentOutcome
    why_not_sought: WhyNotSought | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentStanding:
    """What the hub knows of a consent record now: whether it still stands for these parties and
    categories."""

    reference: str
    standing: bool


def stands(position: ConsentPosition, standing: ConsentStanding | None) -> bool:
    """Whether something may rest on this consent: given, named, known to the hub, and not withdrawn."""
    return (
        position.outcome is ConsentOutcome.GIVEN
        and standing is not None
        and standing.reference == position.reference
        and standing.standing
    )
