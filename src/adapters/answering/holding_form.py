"""What an agency holds, in a form: dated entries, and what was searched to find them or to find nothing."""

from adapters.answering.grading import parse_grading
from adapters.answering.section import Section
from broker.protocol.body import Entry, Grading, Nature, Searched


def read_entries(form: Section, subjects: int) -> tuple[Entry, ...]:
    """Read `entries`; each names its subject, counting from 1 in the order of the ask or the form."""

    def entry(section: Section) -> Entry:
        return Entry(
            subject=section.count("subject", most=subjects) - 1,
            on=section.day_or_moment_or_none("on"),
            what=section.words("what"),
            nature=section.code("nature", Nature),
            recorded_by=section.line_or_none("recorded_by"),
            reference=section.line_or_none("reference"),
            grading=read_grading(section) if section.has("grading") else None,
        )

    return form.each("entries", "an entry", entry)


def read_grading(section: Section) -> Grading:
    """Read `grading`, such as `2BP`."""
    grading = parse_grading(section.line("grading"))
    if grading is None:
        section.refuse("grading", "is source 1 to 3, information A to E and handling P or C, such as `2BP`")
    return grading


def read_searched(form: Section) -> Searched:
    """Read `searched: {systems, by, as_of}`. Without it nobody can tell what "nothing" is worth."""
    section = form.section("searched", "what was searched")
    systems = section.lines("systems")
    if not systems:
        section.refuse("systems", "names at least one record system that was searched")
    searched = Searched(
        systems=list(systems), by=list(section.lines("by")), as_of=section.day_or_moment_or_none("as_of")
    )
    section.end()
    return searched
