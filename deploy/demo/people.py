"""The people of the demonstration. Every one is invented, says so in the name, and bears an NHS number of the
999 range, which is issued to nobody.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody invented. `nhs` ten digits starting 999 with a valid check digit."""

    name: str
    born: date
    nhs: str

    @property
    def family(self) -> str:
        """The last word of the name."""
        return self.name.rsplit(" ", 1)[1]

    @property
    def given(self) -> str:
        """All words but the last."""
        return self.name.rsplit(" ", 1)[0]


def nhs_number(serial: int) -> str:
    """A number of the test range: 999, six digits, and the check digit of modulus 11 (NHS)."""
    nine = f"999{serial:06d}"
    check = -sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
    if check == 10:
        raise ValueError("this serial has no check digit; take another")
    return nine + str(check)


WREN = Person(name="Wren Imaginary", born=date(2018, 3, 9), nhs=nhs_number(100101))
"""The child of the first family: absent often, ill in ways that do not agree."""
MORGAN = Person(name="Morgan Imaginary", born=date(1989, 7, 21), nhs=nhs_number(100104))
"""Wren's parent."""
LARK = Person(name="Lark Imaginary", born=date(2018, 3, 9), nhs=nhs_number(100102))
"""Wren's twin, of whom nobody asks. One entry of theirs goes out as Wren's, and is corrected."""
ASH = Person(name="Ash Imaginary", born=date(2004, 5, 17), nhs=nhs_number(100106))
"""Wren's grown-up brother, known to probation."""
FERN = Person(name="Fern Madeup", born=date(2016, 11, 2), nhs=nhs_number(200202))
"""The child of the other family, which has agreed to early help and then thinks again."""
OTHERS = (
    Person(name="Sage Pretend", born=date(2018, 3, 9), nhs=nhs_number(300303)),
    Person(name="Rowan Notreal", born=date(2012, 1, 30), nhs=nhs_number(300304)),
)
"""On the hospital's books, and in nobody's question: nothing about them may turn up anywhere."""
