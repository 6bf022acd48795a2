"""A person as a record system describes them, to be compared with whom an ask names."""

from dataclasses import dataclass, field
from datetime import date

from broker.protocol.body import Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name in two parts, either of which may be empty where the system does not hold it."""

    given: str = field(default="", repr=False)
    family: str = field(repr=False)

    @classmethod
    def of_line(cls, written: str) -> "Name":
        """Take a name that stands in one line apart: what is before a comma is the family name, else the last
        word. Comparison takes words from any part of the sought name, so that a longer family name is still
        found, as a part of it.
        """
        before, comma, after = written.partition(",")
        if comma:
            return cls(given=after.strip(), family=before.strip())
        words = written.split()
        return cls(given=" ".join(words[:-1]), family=words[-1] if words else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What a record says of who somebody is; what it does not say stays empty. Personal data.

    `key` is the connector's own. `names` holds former and other names too. `former` are identifiers no longer
    in use: an old one can be all that joins an adopted child to who they were, so it never finds by itself.
    `contacts` are e-mail addresses and telephone numbers, `relatives` the names of people the record connects
    them with.
    """

    key: str = field(repr=False)
    names: tuple[Name, ...] = field(default=(), repr=False)
    born: date | None = field(default=None, repr=False)
    identifiers: tuple[Identifier, ...] = field(default=(), repr=False)
    former: tuple[Identifier, ...] = field(default=(), repr=False)
    addresses: tuple[str, ...] = field(default=(), repr=False)
    contacts: tuple[str, ...] = field(default=(), repr=False)
    relatives: tuple[str, ...] = field(default=(), repr=False)
    restricted: bool = False

    @property
    def name(self) -> str | None:
        """The first name on record, in one line."""
        if not self.names:
            return None
        return " ".join(part for part in (self.names[0].given, self.names[0].family) if part)
