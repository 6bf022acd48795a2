"""Every limit and interval of the hub, named, with its reason."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this hub runs; times in seconds unless the name says otherwise."""

    cadence_ms: int = 10
    """The log is integrated at this fixed step, so that its growth tells less about single exchanges."""
    integrate_limit: int = 2_048
    """Records under one checkpoint at most: bounds the memory of one integration."""
    batch_limit: int = 64
    """Declarations, deposits or acts in one transaction at most: bounds how long the log's counter is held.
    """
    acts_limit: int = 16
    """Acts other than receipts worked on in one go, a transaction each: bounds how long one agency's hold up
    another's.
    """
    batch_gap_ms: int = 4
    """Two batches of one kind begin at least so far apart: a commit costs the same for one as for many, so a
    busy hub gathers; what comes to a quiet one goes at once.
    """
    prove_wait: float = 5.0
    """How long an answer waits for its checkpoint before it leaves without a proof."""
    deposit_within: int = 3_600
    """A permit not used by then lapses: the facts it was decided on grow old."""
    lease: int = 30
    """A handover without a receipt after this is made again; each that runs out doubles the next."""
    handovers: int = 8
    """Leases of one envelope that ran out before it is set aside as poison: over two hours in all. A lease
    that
    a closed connection gives back does not count: a bad line is no poison."""
    messages: int = 64
    """Messages of one party in one exchange at most: two people who need more should speak to each other."""
    skew: int = 300
    """How far a sender's clock may be from ours."""
    longest_need: int = 400 * 86_400
    """No envelope is needed for longer than a bit over a year."""
    sweep_interval: float = 1.0
    """How often due times, lapses and expiries are looked for."""
    sweep_limit: int = 256
    """Envelopes or exchanges in one sweep transaction, and envelopes recalled in that of a withdrawal."""
    pool_size: int = 12
    """Connections to the database."""
    quorum: int = 0
    """Cosignatures a checkpoint needs before it proves anything: none until there are witnesses."""
