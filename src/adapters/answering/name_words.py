"""Names of people and of GP practices in running text, told apart by how they are written.

Promises: two or more capitalised words together, a capitalised word inside a sentence, and whatever follows a
title count as a name unless they are words of the trade, a place of work, or of a name that is known. Rather
finds too much: a person looks.
"""

import re
from collections.abc import Iterator
from typing import Final

from adapters.connectors import spelling

_TOKEN: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_]))*")
_PRACTICE: Final = re.compile(
    r"(?<!\w)(?:[A-Z][\w'’-]+\s+){1,4}(?:Surgery|Medical\s+(?:Centre|Practice)|Health\s+Centre|GP\s+Practice|"
    r"Practice)(?!\w)|(?<!\w)[A-Z]\d{5}(?!\w)"
)
_ORGANISATION_WORDS: Final = (
    "hospital school academy college nursery department clinic centre court council police service services "
    "constabulary unit ward trust university team agency office infirmary prison borough county authority "
    "surgery practice"
)
_ORGANISATION: Final = frozenset(_ORGANISATION_WORDS.split())
_TITLES_WORDS: Final = "mr mrs ms miss mx dr sir dame rev pc dc ds dsgt sgt insp"
_TITLES: Final = frozenset(_TITLES_WORDS.split())
_TRADE_WORDS: Final = (
    # Words that stand with a capital although they name nobody.
    "mondays tuesdays wednesdays thursdays fridays saturdays sundays mon tue tues wed thu thur thurs "
    "fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec year reception autumn spring summer "
    "winter term half god bst gmt gcse eyfs key stage class form tutor set "
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june "
    "july august september october november december christmas easter english welsh scottish british uk "
    "england wales emergency attendance outpatient inpatient home visit alert asthma autism diabetes "
    "covid child children parent mother father family carer school health social care police gp nhs ed "
    "camhs mash cp cin lac iro act section plan order conference review assessment referral contact "
    "record records restricted detail details i a the of and in on at to for with no not none nil "
    "unknown yes seen absent present late authorised unauthorised name address telephone e-mail "
    "registered planned cancelled ruled out domestic abuse violence incident offence caution conviction "
    "charge bail licence supervision tenancy arrears crime strategy safeguarding lead designated "
    "officer worker teacher nurse doctor paediatrician midwife headteacher invented mri ct x-ray "
    "accident department general hospital royal ward clinic centre court council service services team "
    "neglect physical sexual emotional exploitation patient pupil caller mum dad staff officers they "
    "she he who it  somebody someone nobody everyone "
    "this that there then pnc cro dob nfa dv ppn ehcp send adhd asd cpn amhp upn uprn ods"
)
_TRADE: Final = frozenset(_TRADE_WORDS.split())
_ABBREVIATION: Final = 5
"""A single word so short and all in capitals is an abbreviation, not somebody's name."""
_STARTS: Final = '.!?:;("“‘•–—'
"""After one of these a word stands with a capital though it names nobody."""
_DOES: Final = re.compile(
    r"\s+(?:told|tells|said|says|rang|rings|called|reports?|reported|lives?|lived|stays?|stayed|moved|asked|saw|"
    r"was\s+seen|witnessed|heard|disclosed|alleged|alleges|works)\b"
)
"""What a single word at a sentence's start does if it is somebody."""
_BETWEEN: Final = re.compile(r"[ \t\u00a0]+|\.[ \t]")


def names_in(text: str, known: frozenset[str]) -> Iterator[str]:
    """Give what is written like a person's name and has a word that is not of the names in `known`, given as
    `spelling.words`.
    """
    for run in _runs(text):
        lower = [_own(word) for word, _ in run]
        if lower[-1] in _ORGANISATION:
            continue
        titled = lower[0] in _TITLES and len(run) > 1
        strange = [
            (word, at)
            for (word, at), plain in zip(run, lower, strict=True)
            if plain not in known
            and plain not in _TRADE
            and plain not in _TITLES
            and not set(spelling.words(plain)) <= known
        ]
        if not strange:
            continue
        if len(strange) == 1 and strange[0][0].isupper() and len(strange[0][0]) <= _ABBREVIATION:
            continue
        inside = any(not _starts(text, at) for _, at in strange)
        does = _DOES.match(text, run[-1][1] + len(run[-1][0])) is not None
        if titled or len(strange) > 1 or inside or does:
            yield text[run[0][1] : run[-1][1] + len(run[-1][0])]


def practices_in(text: str) -> Iterator[str]:
    """Give names of GP practices, and practices' codes."""
    for match in _PRACTICE.finditer(text):
        yield match[0]


def _runs(text: str) -> Iterator[list[tuple[str, int]]]:
    """Capitalised words that stand together, each with its place."""
    run: list[tuple[str, int]] = []
    end = 0
    for match in _TOKEN.finditer(text):
        word, at = match[0], match.start()
        together = bool(run) and _BETWEEN.fullmatch(text, end, at) is not None
        if together and text[end] == "." and spelling.squeeze(run[-1][0]) not in _TITLES:
            together = False
        if run and not (together and _capital(word)):
            yield run
            run = []
        if _capital(word):
            run.append((word, at))
        end = match.end()
    if run:
        yield run


def _starts(text: str, at: int) -> bool:
    """Whether a sentence, a line or a point of a list begins there."""
    before = text[:at].rstrip()
    if not before or "\n" in text[len(before) : at] or before[-1] in _STARTS:
        return True
    return before == "-" or before.endswith((" -", "\n-"))


def _own(word: str) -> str:
    """The word as it is compared, without a genitive's ending: `Wren's` as "wren"."""
    return spelling.squeeze(re.sub(r"['’]s$", "", word))


def _capital(word: str) -> bool:
    return word[0].isupper() and not (word.isupper() and len(word) <= 2)
