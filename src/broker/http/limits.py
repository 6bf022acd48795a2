"""Every limit of the HTTP surface, named, with its reason. Times in seconds, sizes in bytes."""

from dataclasses import dataclass

from broker.enrolment.access import LIFETIME
from broker.protocol.frame import FRAME_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one client may cost the others."""

    body: int = 1 << 20
    """A JSON body, but for a deposit's."""
    deposit: int = FRAME_LIMIT
    """A deposit's body, and any frame: 4 MiB sealed, in base64url, with room for the rest."""
    form: int = 16 << 10
    """An access token request: one assertion of at most 4 KiB."""
    line: int = 8 << 10
    """A request line, and each header."""
    headers: int = 64
    """Headers of one request."""
    requests: int = 512
    """Requests handled at once, all clients together: beyond it 503, so that memory is bounded."""
    agency_requests: int = 32
    """Requests of one agency at once, over plain HTTP: beyond it 429, so that none fills `requests`."""
    agency_bytes: int = 32 << 20
    """Their bodies together, as their headers promise; one that does not say counts as the largest. Beyond it
    429."""
    strangers: int = 64
    """Requests at once whose caller is known only by their body; beyond it the slowest gives way with 503."""
    body_wait: float = 30.0
    """A whole body must have come by then: slow senders hold no room for longer."""
    stranger_wait: float = 10.0
    """As `body_wait`, for a caller not known yet: what it sends is small."""
    database_wait: float = 5.0
    """A connection to the database must be free by then, or the answer is 503."""
    idle: float = 30.0
    """A connection that has sent no whole request head for so long is closed."""
    heartbeat: float = 20.0
    """A live connection is pinged so often, and closed when half of it passes without an answer."""
    credit: int = 256
    """Handovers without a receipt that an adapter may ask for at most."""
    handovers: int = 8
    """Envelopes read for one connection at a time: bodies of 4 MiB add up."""
    taken: int = 4
    """Envelopes in one answer to a poll: bodies of 4 MiB add up."""
    polls: int = 2
    """Polls of one agency at once: the one under way, and the one that replaces it."""
    ear: float = 60.0
    """Hints for an agency that polls are kept so long after a poll; later the next says: look at all."""
    in_flight: int = 64
    """Frames of one connection being worked on; beyond it the hub reads no further."""
    in_flight_bytes: int = 32 << 20
    """Their sizes together; beyond it the hub reads no further."""
    unanswered: int = 1_024
    """Handovers of one connection whose answer is awaited at most."""
    send_wait: float = 30.0
    """A frame must have left by then; a client that reads more slowly is closed."""
    poll: float = 10.0
    """What waits is looked for at least so often: a lease may lapse whose hub process died."""
    finish: float = 5.0
    """At a clean stop, frames being worked on get so long to be answered."""
    token: int = LIFETIME
    """How long an access token lasts."""
