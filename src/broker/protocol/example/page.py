"""The example's blocks of docs/protocol.md: values as JSON, what is long shortened and marked so.

What is signed and sealed is compact JSON in one line; here it is spread out to be read. The whole bytes stand
in docs/protocol-example.md.
"""

import json
from typing import Any, Final

from broker.protocol import frame
from broker.protocol.evidence import digest_of
from broker.protocol.example import cast, envelope, log, vectors
from broker.protocol.example.cast import CARE
from broker.protocol.example.envelope import Envelope
from broker.protocol.frame import Verb
from broker.protocol.life import State
from broker.protocol.wire import Wire
from keys import base64url, jws, keyset, subject

_LINE: Final = 100
_LONG: Final = 72
_HEAD: Final = 28
_TAIL: Final = 12


def _spread(value: Any, indent: str = "") -> str:
    """JSON with one member a line wherever a line would be too long."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= _LINE or not isinstance(value, dict | list) or not value:
        return flat
    deeper = indent + "  "
    if isinstance(value, dict):
        lines = [f"{deeper}{json.dumps(name)}: {_spread(each, deeper)}" for name, each in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(deeper + _spread(each, deeper) for each in value) + f"\n{indent}]"


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONG and " " not in value:
        return f"{value[:_HEAD]}…{value[-_TAIL:]} ({len(value):,} characters)"
    if isinstance(value, dict):
        return {name: _short(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_short(each) for each in value]
    return value


def _shown(value: Wire | dict[str, Any]) -> str:
    return _spread(_short(json.loads(value.dump()) if isinstance(value, Wire) else value))


def _parts(token: str, **left_out: str) -> str:
    """A token's header and payload, and the token itself shortened."""
    head = json.loads(base64url.decode(token.split(".", maxsplit=1)[0]))
    payload = {**jws.parse(token).claims, **left_out}
    return f"header   {_spread(head)}\npayload  {_spread(_short(payload))}\ntoken    {_short(token)}"


def hub() -> str:
    """What `GET /v1/hub` gives."""
    answer = json.loads(vectors.hub_keys().dump()) | {"speaks": ["1"], "database": "ok"}
    return _spread(answer)


def key_set() -> str:
    """Social care's key set, and the digits read by telephone."""
    digits = keyset.fingerprint(CARE.identity.public)
    return f"{_parts(CARE.key_set)}\n\nfingerprint of the identity key: {digits}"


def person() -> str:
    """From the child to what the hub keeps."""
    (opening,), (committed,) = envelope.ask().openings, envelope.ask().claims.subjects
    token = subject.token(cast.K_H, cast.T1)
    return "\n".join(
        (
            f'id      "nhs:{cast.NHS_NUMBER}"             in the sealed body',
            f"K_A     {base64url.encode(cast.K_A)}   at both adapters, never at the hub",
            f"t1      {opening.t1}   HMAC-SHA256(K_A, …): beside the declaration, and sealed",
            f"r       {opening.r}   32 random bytes: as t1",
            f"c       {committed.c}   SHA-256(… r ‖ t1): signed in the declaration",
            f"token   {base64url.encode(token)}   HMAC-SHA256(K_H, … t1): all the hub keeps",
        )
    )


def body() -> str:
    """The ask's body, to be sealed."""
    return _shown(json.loads(envelope.ask().letter.plaintext))


def sealed() -> str:
    """The ask's body, sealed."""
    ask = envelope.ask()
    members = json.loads(ask.sealed)
    head = json.loads(base64url.decode(members["protected"]))
    info = base64url.encode(ask.letter.binding.extra_info())
    return "\n".join(
        (
            _spread(_short(members)),
            f"protected, decoded: {_spread(_short(head))}",
            f"recipient_extra_info: {info}",
            f"digest: {ask.claims.body.digest}",
        )
    )


def declaration() -> str:
    """The ask's declaration."""
    return _parts(envelope.ask().token)


def declare() -> str:
    """The frame that asks the hub to decide."""
    ask = envelope.ask()
    asked = frame.Declare(declaration=ask.token, openings=ask.openings)
    return _shown(_request("1", Verb.DECLARE, asked))


def permit() -> str:
    """The record of the decision."""
    payload = jws.parse(_permit(envelope.ask())).claims
    decided = payload["decided"]
    assert isinstance(decided, dict)
    findings = decided["findings"]
    assert isinstance(findings, list)
    decided = {
        **decided,
        "question": "… left out here: everything the rules read, §Records",
        "findings": [f"… {len(findings)} of effect note, left out here"],
    }
    return _parts(_permit(envelope.ask()), decided=decided)  # type: ignore[arg-type]  # shown, not typed


def _permit(of: Envelope) -> str:
    return log.log()[log.PERMITS[of.letter.name]].token


def entry() -> str:
    """From the record to the entry and its leaf."""
    index = log.PERMITS["ask"]
    logged = log.log()[index]
    return "\n".join(
        (
            f"index {index}",
            f"salt  {base64url.encode(logged.salt)}",
            f"entry {base64url.encode(logged.entry)}",
        )
    )


def checkpoint() -> str:
    """The checkpoint that covers it."""
    return log.checkpoint(log.CHECKPOINTS["ask"]).decode()


def declared() -> str:
    """What the sender is told."""
    ask = envelope.ask()
    decided = log.decided(ask, at=cast.ASKED)
    answer = frame.Declared(
        envelope=ask.claims.jti,
        exchange=ask.claims.exchange,
        state=State.PROVED,
        outcome=decided.outcome,
        findings=[],
        needs=decided.needs,
        confirmable=decided.confirmable,
        index=log.PERMITS["ask"],
        deposit_by=cast.ASKED + 3_600,
        proof=log.proof("ask"),
    )
    shown = json.loads(answer.dump())
    shown["findings"] = [f"… {len(decided.findings)} of effect note, left out here"]
    return _shown({"re": "1", "ok": shown})


def deposit() -> str:
    """The body leaves, and the hub has it."""
    ask = envelope.ask()
    asked = frame.Deposit(envelope=ask.claims.jti, body=ask.sealed.decode("ascii"))
    answered = frame.Deposited(envelope=ask.claims.jti, state=State.DEPOSITED)
    return f"{_shown(_request('2', Verb.DEPOSIT, asked))}\n{_shown(_response('2', answered))}"


def handover() -> str:
    """The hub hands over, and the recipient has it in its journal."""
    ask = envelope.ask()
    handed = frame.Handover(
        envelope=ask.claims.jti,
        kind=ask.claims.kind,
        sender=ask.claims.iss,
        generation=1,
        declaration=ask.token,
        body=ask.sealed.decode("ascii"),
        proof=log.proof("ask"),
        lease_until=cast.ASKED + 1 + 30,
    )
    shown = _request("h1", Verb.HANDOVER, handed)
    shown["body"]["proof"] = "… as in the answer to declare"
    taken = frame.HandoverTaken(envelope=ask.claims.jti)
    return f"{_shown(shown)}\n{_shown(_response('h1', taken))}"


def receipt() -> str:
    """The recipient's receipt."""
    return _parts(envelope.receipt(envelope.ask(), at=cast.ASKED + 2))


def answer() -> str:
    """The item's body and declaration, where they differ from the ask's in more than value."""
    item = envelope.item()
    shown = json.loads(item.letter.plaintext)
    shown["subjects"] = ["… as in the ask, r another"]
    whole = json.loads(item.claims.dump())
    claims = {name: whole[name] for name in ("iss", "sub", "aud", "jti", "iat", "exp", "exchange")}
    claims |= {"…": "purpose to subjects as in the ask, c another"}
    claims |= {name: whole[name] for name in ("body", "kind", "category", "handling")}
    return f"body         {_spread(shown)}\ndeclaration  {_spread(_short(claims))}"


def whole_log() -> str:
    """The log after it: every record's kind and what it is of."""
    lines = []
    for index, logged in enumerate(log.log()):
        claims = jws.parse(logged.token).claims
        of = claims.get("envelope") or claims.get("agency") or ""
        act = claims.get("act")
        inside = f" {jws.parse(act).typ}" if isinstance(act, str) else ""
        lines.append(f"{index:<2}  {digest_of(logged.token)[:12]}…  {claims['record']}{inside} {of}".rstrip())
    return "\n".join(lines)


def _request(id: str, verb: Verb, asked: Wire) -> dict[str, Any]:
    return {"id": id, "verb": verb.value, "body": json.loads(asked.dump())}


def _response(re: str, answered: Wire) -> dict[str, Any]:
    return {"re": re, "ok": json.loads(answered.dump())}
