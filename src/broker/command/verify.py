"""`gatehouse verify FILE …`: is this envelope's permit in the log? Offline, from evidence files and the hub's
keys. One file is walked through step by step; of several, each gets a line.

The steps are those of docs/protocol.md and `broker.protocol.evidence`. The hub's keys come from elsewhere,
never from the file alone: a file could bring a hub of its own.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from broker.command.failed import CommandFailed
from broker.command.options import add_state
from broker.command.show import say, show

if TYPE_CHECKING:
    from broker.protocol.declaration import Declaration
    from broker.protocol.evidence import Evidence, HubKeys
    from broker.protocol.record import Permit

_EXAMPLE: Final = "example: gatehouse verify evidence.json --hub-keys hub.json"
_NOT_SHOWN: Final = (
    "that the identity key is the sender's: compare the fingerprint with the agency by telephone",
    "that no key was revoked before: ask the hub, or look in the log",
    "that the hub shows everyone the same log: compare checkpoints with another agency",
    "what the sealed body says, and whether it was opened: that is with the two agencies",
)
_LARGEST: Final = 4 << 20


@dataclass(slots=True, kw_only=True)
class Report:
    """Each step with its sentence and whether it held; the first that fails ends the walk."""

    steps: list[tuple[str, bool, str]] = field(default_factory=list)
    facts: dict[str, str | int | list[str]] = field(default_factory=dict)

    @property
    def verified(self) -> bool:
        """Whether every step held."""
        return bool(self.steps) and all(held for _, held, _ in self.steps)

    def step(self, sentence: str, work: Callable[[], None]) -> bool:
        """Walk one step; tells whether it held."""
        from broker.protocol.problem import Problem
        from keys.errors import Rejected

        try:
            work()
        except Rejected as error:
            self.steps.append((sentence, False, f"{error.message} ({error.code})"))
        except Problem as problem:
            self.steps.append((sentence, False, f"{problem.detail} ({problem.reason or problem.code})"))
        else:
            self.steps.append((sentence, True, ""))
        return self.steps[-1][1]


def arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("verify", help="verify envelopes' permits, offline", epilog=_EXAMPLE)
    parser.add_argument(
        "files",
        type=Path,
        metavar="FILE",
        nargs="+",
        help="evidence that an adapter wrote, one envelope each",
    )
    parser.add_argument(
        "--hub-keys",
        type=Path,
        metavar="FILE",
        help="the hub's public keys, from enrolment or hub.json (default: hub.json in the state folder)",
    )
    add_state(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Verify and say so; 0 only if every step held."""
    from broker.command.state import default_state, read_keys_file

    pinned = read_keys_file(options.hub_keys or (options.state or default_state()) / "hub.json")
    reports = [(path, verify(_evidence(path), pinned)) for path in options.files]
    verified = all(report.verified for _, report in reports)
    if options.json and len(reports) == 1:
        show(_document(reports[0][1]))
    elif options.json:
        files = [{"file": str(path), **_document(report)} for path, report in reports]
        show({"verified": verified, "files": files})
    elif len(reports) == 1:
        _print(reports[0][1])
    else:
        for path, report in reports:
            say(_line(path, report))
        good = sum(report.verified for _, report in reports)
        say(f"{good} of {len(reports)} verified. Of one alone, gatehouse verify says what that shows.")
    return 0 if verified else 1


def _document(report: Report) -> dict[str, Any]:
    return {
        "verified": report.verified,
        "steps": [
            {"step": number, "says": sentence, "held": held, "why": why or None}
            for number, (sentence, held, why) in enumerate(report.steps, 1)
        ],
        **report.facts,
        "not_shown": _NOT_SHOWN,
    }


def _line(path: Path, report: Report) -> str:
    facts = report.facts
    if report.verified:
        parties = f"{facts['kind']} from {facts['sender']} to {facts['recipient']}"
        return f"ok      {path}: {parties}, record {facts['index']}"
    number, why = len(report.steps), report.steps[-1][2]
    return f"FAILED  {path}: step {number}: {why}"


def _evidence(path: Path) -> "Evidence":
    from broker.protocol.evidence import Evidence
    from broker.protocol.problem import Problem
    from broker.protocol.wire import parse_wire

    try:
        with path.open("rb") as file:
            return parse_wire(Evidence, file.read(_LARGEST + 1), limit=_LARGEST)
    except OSError as error:
        raise CommandFailed(f"Cannot read {path}: {error.strerror}.") from error
    except Problem as problem:
        raise CommandFailed(f"{path} is not an evidence file: {problem.detail}") from problem


def verify(evidence: "Evidence", pinned: "HubKeys") -> Report:
    """Walk the steps over an evidence file with pinned hub keys."""
    from broker.protocol import declaration as declared
    from broker.protocol import evidence as proofs
    from keys import jws, keyset
    from keys.errors import BadProof
    from keys.signing import parse_public_key

    report = Report()
    hub = proofs.TrustedHub.from_keys(pinned)

    def same_hub() -> None:
        if evidence.hub != pinned:
            raise BadProof("other-hub-keys", "the file names other keys than those given for the hub")

    def from_sender() -> None:
        parsed, claims = declared.parse_declaration(evidence.declaration)
        identity = parse_public_key(dict(evidence.sender_identity))
        # As of when it was declared: a key set that has run out since was good then.
        keys = keyset.verify_key_set(evidence.sender_key_set, identity=identity, previous=None, at=claims.iat)
        if keys.agency != claims.iss:
            raise BadProof("other-agency", "the key set is another agency's")
        jws.verify(parsed, keys.signing, typ=declared.TYP[claims.kind])
        report.facts["fingerprint"] = keyset.fingerprint(identity)
        _note_declaration(report, claims)

    def permitted() -> None:
        _note_permit(report, proofs.verify_record(hub=hub, proof=evidence.proof))

    def in_log() -> None:
        checkpoint = proofs.verify_inclusion(hub=hub, proof=evidence.proof)
        report.facts["index"] = evidence.proof.index
        report.facts["log_size"] = checkpoint.size
        report.facts["log"] = checkpoint.origin

    def belongs() -> None:
        identity = parse_public_key(dict(evidence.sender_identity))
        parsed, claims = declared.parse_declaration(evidence.declaration)
        keys = keyset.verify_key_set(evidence.sender_key_set, identity=identity, previous=None, at=claims.iat)
        proofs.verify_permit(
            hub=hub, signing_key=keys.signing, declaration=parsed.token, proof=evidence.proof
        )

    for sentence, work in (
        ("The evidence is about the hub whose keys were given.", same_hub),
        ("The declaration was signed by the sender, with a key its identity key vouches for.", from_sender),
        ("The record was signed by the hub and permits the envelope to pass.", permitted),
        ("The record lies in the log, under a checkpoint the log's key signed.", in_log),
        ("The record permits this very declaration: sender, recipient, exchange, kind and body.", belongs),
    ):
        if not report.step(sentence, work):
            break
    return report


def _note_declaration(report: Report, claims: "Declaration") -> None:
    from broker.protocol.declaration import categories_of

    report.facts |= {
        "envelope": claims.jti,
        "exchange": claims.exchange,
        "kind": claims.kind.value,
        "sender": claims.iss,
        "recipient": claims.recipient,
        "practitioner": claims.sub.id,
        "role": claims.sub.role.value,
        "purpose": claims.purpose.value,
        "rating": claims.rating.value,
        "categories": [category.value for category in categories_of(claims)],
    }


def _note_permit(report: Report, permit: "Permit") -> None:
    report.facts |= {
        "decided_at": permit.at,
        "policy_version": permit.decided.policy_version,
        "findings": [f"{finding.code}: {finding.sentence}" for finding in permit.decided.findings],
    }


def _print(report: Report) -> None:
    from datetime import UTC, datetime

    for number, (sentence, held, why) in enumerate(report.steps, 1):
        say(f"{number}. {'ok    ' if held else 'FAILED'} {sentence}")
        if why:
            say(f"          {why}")
    facts = report.facts
    if report.verified:
        at = datetime.fromtimestamp(int(str(facts["decided_at"])), UTC).strftime("%d %B %Y, %H:%M:%S UTC")
        categories = facts["categories"]
        assert isinstance(categories, list)
        say("")
        say(f"Verified: {facts['kind']} {facts['envelope']}")
        say(f"  from {facts['sender']} (practitioner {facts['practitioner']}, {facts['role']})")
        say(f"  to {facts['recipient']}, for {facts['purpose']}, rated {facts['rating']}")
        say(f"  about {', '.join(categories) or 'no category of its own'}")
        say(f"  was permitted on {at}, under policy set {facts['policy_version']}")
        say(
            f"  in record {facts['index']} of {facts['log']}, whose checkpoint covers {facts['log_size']} "
            f"records."
        )
        say(f"  The sender's identity key has the fingerprint {facts['fingerprint']}")
        findings = facts["findings"]
        assert isinstance(findings, list)
        for finding in findings:
            say(f"  Finding: {finding}")
        say("")
        say("Not shown by this:")
        for sentence in _NOT_SHOWN:
            say(f"  {sentence}")
    else:
        say("")
        say("NOT VERIFIED. Do not rely on this file; ask the agency that gave it to you.")
