"""Coded reasons: why an act was done, in closed sets. Words belong in the sealed body or in the agency's own
record, never here.
"""

from enum import StrEnum


class WhyNotSought(StrEnum):
    """Why consent was not asked for."""

    UNSAFE = "unsafe"
    """Asking would put somebody at risk."""
    PREJUDICE = "prejudice"
    """Asking would prejudice the enquiry or the protection."""
    IMPRACTICABLE = "impracticable"
    """There is no reasonable way or no time to ask."""
    DUTY_APPLIES = "duty_applies"
    """The duty applies whatever the answer, so asking would mislead."""


class SchedulePara18Reason(StrEnum):
    """Why a data subject's consent is not relied on (DPA 2018 Sch 1 para 18(2)); one per data subject."""

    A = "a"
    """In the circumstances the data subject cannot give consent."""
    B = "b"
    """In the circumstances the controller cannot reasonably be expected to obtain it."""
    C = "c"
    """Obtaining it would prejudice the provision of the protection."""


class DeclineReason(StrEnum):
    """Why a source declined. Stays at the source; the hub and the asker see one uniform code."""

    NOT_NECESSARY = "not_necessary"
    """What is held would not help the purpose stated."""
    EXCESSIVE = "excessive"
    """More is asked for than the purpose needs."""
    NO_GROUNDS = "no_grounds"
    """The source has no lawful basis of its own."""
    HARM_TO_CHILD = "harm_to_child"
    """Telling would do the child more harm than not telling."""
    HARM_TO_OTHER = "harm_to_other"
    """Telling would put another person at serious risk."""
    LIVE_OPERATION = "live_operation"
    """Telling would prejudice an investigation."""
    PROTECTED_FACT = "protected_fact"
    """A statutory bar protects the fact (adoption, gender recognition, fertility treatment)."""
    COURT_RESTRICTION = "court_restriction"
    """A court order or rule restricts it."""
    PRIVILEGED = "privileged"
    """Legal professional privilege."""
    ORIGINATOR = "originator"
    """Another agency's information, whose permit is needed."""
    IDENTITY_UNCERTAIN = "identity_uncertain"
    """The person could not be matched safely."""
    OTHER_ROUTE = "other_route"
    """It will be given another way (a meeting, a telephone call)."""


class LiftReason(StrEnum):
    """Why a person with the right role lifted a hold."""

    DUTY_CONTACT_AGREED = "duty_contact_agreed"
    """The duty contact was rung and agrees to this one exchange."""
    AGREEMENT_SIGNED = "agreement_signed"
    """An agreement exists and is not entered at the hub yet."""
    THRESHOLD_DECIDED = "threshold_decided"
    """A qualified person decided the threshold and recorded why."""
    IMMEDIATE_DANGER = "immediate_danger"
    """Waiting would leave somebody in immediate danger."""


class RecallReason(StrEnum):
    """Why something permitted was called back before, or perhaps after, it was received."""

    SENT_IN_ERROR = "sent_in_error"
    """It should not have been sent."""
    WRONG_SUBJECT = "wrong_subject"
    """It is about somebody else."""
    INACCURATE = "inaccurate"
    """It is wrong, incomplete or out of date (DPA 2018 s.38(4)-(5) for Part 3 data)."""
    CONSENT_WITHDRAWN = "consent_withdrawn"
    """It rested on a consent that was withdrawn."""
    AGREEMENT_ENDED = "agreement_ended"
    """The agreement that covered it ended."""
    RULE_WITHDRAWN = "rule_withdrawn"
    """The sharing policy no longer allows it."""
    AGENCY_STOPPED = "agency_stopped"
    """One of the two agencies was stopped."""
    KEY_REVOKED = "key_revoked"
    """A key it depends on was revoked."""
    ASK_WITHDRAWN = "ask_withdrawn"
    """The asker withdrew the ask it belongs to."""
    NO_LONGER_LAWFUL = "no_longer_lawful"
    """The decision made again at handover was not to allow."""


class WithdrawReason(StrEnum):
    """Why an asker withdrew its ask."""

    NO_LONGER_NEEDED = "no_longer_needed"
    """The question is answered or the enquiry ended."""
    WRONG_SUBJECT = "wrong_subject"
    """It was about the wrong person."""
    WRONG_SOURCE = "wrong_source"
    """It went to the wrong agency."""
    THRESHOLD_NOT_MET = "threshold_not_met"
    """The threshold was looked at again and is not met."""
    CONSENT_WITHDRAWN = "consent_withdrawn"
    """It rested on a consent that was withdrawn."""


class NilScope(StrEnum):
    """What was searched before "nothing found" was said; a bare nil reassures falsely."""

    ALL_SYSTEMS = "all_systems"
    """Every record system the agency has, archives included."""
    MAIN_SYSTEM = "main_system"
    """The main record system, current and closed records."""
    OPEN_RECORDS = "open_records"
    """Open records of the main system only."""
    EXACT_IDENTIFIER = "exact_identifier"
    """Records carrying exactly the identifier given; no search by name."""
    BY_HAND = "by_hand"
    """A person looked, in what the sealed note names."""
