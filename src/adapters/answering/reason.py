"""The coded reasons for which a category waits for a person, and what each says in words.

The codes stay at the source. One that is not here is a connector's own and is shown as it is.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.connectors.connector import WaitReason

NOT_SERVED: Final = "connector-does-not-serve"
NO_RULE: Final = "no-release-rule"
OTHER_PURPOSE: Final = "purpose-not-in-rule"
NO_PRESET: Final = "preset-does-not-fit"
RESTRICTED: Final = "restricted-record"
LEFT: Final = "left-for-person"
SENSITIVE: Final = "sensitive-rows"
RULE_WAITS: Final = "rule-says-waiting"
TWO_PERSONS: Final = "rule-says-two-persons"
NIL_WAITS: Final = "nil-waits"
TOO_MANY: Final = "too-many-entries"
THIRD_PARTY: Final = "third-party-or-source"
GRADED_C: Final = "graded-c"
CHOSEN: Final = "record-chosen-by-person"
SECOND_PERSON: Final = "waits-for-second-person"
SENT_BACK: Final = "sent-back"
FAILED: Final = "could-not-prepare"
CANNOT_SEND: Final = "could-not-send"

_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        NOT_SERVED: "the record system does not hold this; answer it by hand",
        NO_RULE: "answering.toml has no rule for it",
        OTHER_PURPOSE: "answering.toml has no rule for this purpose",
        NO_PRESET: "the grounds in answering.toml do not fit this ask",
        RESTRICTED: "the record is restricted; address, telephone and GP were left out",
        LEFT: "something in the record leaves only by a person's hand",
        SENSITIVE: "the record marks something as sensitive; it was left out",
        RULE_WAITS: "a person approves this category",
        TWO_PERSONS: "one person prepares this category and another approves it",
        NIL_WAITS: "nothing was found; a person says so",
        TOO_MANY: "there are more entries than an answer takes",
        THIRD_PARTY: "it names somebody nobody asked about, or has words that would identify a source",
        GRADED_C: "an entry is graded C; its conditions are a person's to write",
        CHOSEN: "a person chose the record; it is prepared for that person",
        SECOND_PERSON: "prepared by one person; another approves it",
        SENT_BACK: "the second person sent it back",
        FAILED: "the record system could not be read",
        CANNOT_SEND: "it could not be sent as prepared",
        "refused": "the hub refused the answer; status says why",
        WaitReason.NO_CHECKED_NUMBER.value: "no checked number was given; say whose record it is",
        WaitReason.CHECK_DIGIT.value: "the NHS number given fails its check",
        WaitReason.FORM.value: "the NHS number given is not ten digits",
        WaitReason.PLACEHOLDER.value: "the NHS number given stands for unknown",
        WaitReason.SEVERAL_NUMBERS.value: "more than one NHS number",
        WaitReason.SEVERAL_PEOPLE.value: "two records bear the number; say which is meant",
        WaitReason.SUPERSEDED.value: "the number or the record was replaced by another",
        WaitReason.NOT_VERIFIED.value: "the record's own number was not traced",
        WaitReason.INACTIVE.value: "the record is no longer in use",
        WaitReason.LINKED.value: "the record names others of the same person",
        WaitReason.COPIES_DISAGREE.value: "copies of the record contradict each other",
        WaitReason.BORN_DIFFERS.value: "the number matches, the birth date does not",
        WaitReason.NAME_DIFFERS.value: "the number matches, the name does not",
        WaitReason.IDENTIFIERS_DISAGREE.value: "one identifier matches, another does not",
        WaitReason.NEAR.value: "somebody fits nearly; say which record is meant, or none",
        WaitReason.NOT_DESCRIBED.value: "too little was given to look by",
        WaitReason.UNREADABLE.value: "the record that bears the number could not be read",
    }
)


def why_words(code: str) -> str:
    """A reason in words; a code that is not known here as it is."""
    return _WORDS.get(code, code.replace("-", " "))
