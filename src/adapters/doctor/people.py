"""What a person has to settle: our keys' end, other agencies' identities."""

from adapters.desk.attention import attention
from adapters.desk.keys import key_set_state, peers
from adapters.doctor.finding import Finding, advice, failed, well
from adapters.folder import Folder

_DAY = 86_400


def look_at_keys(folder: Folder) -> list[Finding]:
    """Whether our key set is good, and a rotation that was begun came through."""
    what, state, at = "keys", key_set_state(folder), folder.clock.now()
    told = [each for each in attention(folder) if each.code.startswith("keys-")]
    if told:
        say = failed if at >= state.expires else advice
        return [say(what, each.message) for each in told]
    days = (state.expires - at) // _DAY
    if state.rotating:
        return [
            advice(
                what,
                f"A new key set is on its way to the hub; the one in force ends in {days} days. See that "
                "gatehouse-adapter run is connected.",
            )
        ]
    return [well(what, f"present and private; key set {state.version} is good for {days} days.")]


def look_at_agencies(folder: Folder) -> list[Finding]:
    """Identities that nobody here has confirmed, or that changed."""
    others = [peer for peer in peers(folder) if peer.agency != folder.me and peer.active]
    found = [failed("agencies", f"{peer.agency}: {peer.doubt}") for peer in others if peer.doubt]
    waiting = [peer.agency for peer in others if peer.confirmed_at is None and not peer.doubt]
    if waiting:
        found.append(
            advice(
                "agencies",
                f"Nobody here has confirmed {', '.join(waiting)}: ring them, then keys confirm. "
                "Until then nothing is sealed to them.",
            )
        )
    return found or [well("agencies", f"{len(others)} known, each confirmed.")]
