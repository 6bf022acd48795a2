"""What a declaration came to: as the sender is told, as the row keeps it, as the log records it."""

from dataclasses import dataclass

import asyncpg
from pydantic import TypeAdapter

from broker.protocol.declaration import Declaration
from broker.protocol.frame import Declared, Proof
from broker.protocol.life import Event, State, current, step
from broker.protocol.record import Decided, Hold, Permit, Refusal
from broker.protocol.wire import Wire
from policies import vocabulary
from policies.finding import Finding, Need

_EVENT = {
    vocabulary.Outcome.ALLOW: Event.ALLOW,
    vocabulary.Outcome.HOLD: Event.HOLD,
    vocabulary.Outcome.REFUSE: Event.REFUSE,
}


class _Kept(Wire):
    outcome: vocabulary.Outcome
    findings: list[Finding]
    needs: list[Need]
    confirmable: list[vocabulary.Category]
    guards: list[tuple[str, str, int]]


_KEPT: TypeAdapter[_Kept] = TypeAdapter(_Kept)


def outcome_document(decision: Decided) -> str:
    """What the envelope's row keeps of a decision: what its sender is told, and the guard versions it was
    made at.
    """
    return _Kept(
        outcome=decision.outcome,
        findings=decision.findings,
        needs=decision.needs,
        confirmable=decision.confirmable,
        guards=[(guard.kind, guard.id, guard.version) for guard in decision.guards],
    ).model_dump_json()


def first_state(decision: Decided) -> State:
    """The state an envelope is declared into."""
    return next_state(State.DECLARED, decision)


def next_state(state: State, decision: Decided) -> State:
    """The state a decision moves a declared or held envelope to."""
    return step(state, _EVENT[decision.outcome])


def deciding_record(
    declaration: Declaration, digest: str, decision: Decided, *, at: int, lift: str | None
) -> Permit | Refusal | Hold:
    """The record of a decision; `lift` is the signed act that brought it about, if one did."""
    match decision.outcome:
        case vocabulary.Outcome.ALLOW:
            return Permit(
                at=at,
                sender=declaration.iss,
                envelope=declaration.jti,
                kind=declaration.kind,
                recipient=declaration.recipient,
                exchange=declaration.exchange,
                declaration=digest,
                body=declaration.body.digest,
                decided=decision,
                lift=lift,
            )
        case vocabulary.Outcome.HOLD | vocabulary.Outcome.REFUSE:
            kind = Hold if decision.outcome is vocabulary.Outcome.HOLD else Refusal
            return kind(
                at=at,
                sender=declaration.iss,
                envelope=declaration.jti,
                kind=declaration.kind,
                recipient=declaration.recipient,
                exchange=declaration.exchange,
                declaration=digest,
                decided=decision,
                lift=lift,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An envelope's decision with its place in the log."""

    envelope: str
    exchange: str
    state: State
    kept: _Kept
    index: int
    deposit_by: int

    @classmethod
    def of(
        cls, declaration: Declaration, decision: Decided, *, state: State, index: int, deposit_by: int
    ) -> "Outcome":
        """From a decision just written."""
        return cls(
            envelope=declaration.jti,
            exchange=declaration.exchange,
            state=state,
            kept=_Kept(
                outcome=decision.outcome,
                findings=decision.findings,
                needs=decision.needs,
                confirmable=decision.confirmable,
                guards=[],
            ),
            index=index,
            deposit_by=deposit_by,
        )

    @classmethod
    def from_row(cls, row: asyncpg.Record) -> "Outcome":
        """From an envelope's row: the first outcome, or where its life has brought it since."""
        return cls(
            envelope=row["jti"],
            exchange=row["exchange"],
            state=State(row["state"]),
            kept=kept_from_row(row),
            index=row["record_index"],
            deposit_by=row["deposit_by"],
        )

    def answer(self, proof: Proof | None, *, checkpoint_size: int) -> Declared:
        """What the sender is told."""
        return Declared(
            envelope=self.envelope,
            exchange=self.exchange,
            state=current(self.state, record_index=self.index, checkpoint_size=checkpoint_size),
            outcome=self.kept.outcome,
            findings=self.kept.findings,
            needs=self.kept.needs,
            confirmable=self.kept.confirmable,
            index=self.index,
            deposit_by=self.deposit_by,
            proof=proof,
        )


def kept_from_row(row: asyncpg.Record) -> _Kept:
    """What an envelope's row keeps of its decision."""
    return _KEPT.validate_json(row["decided"])
