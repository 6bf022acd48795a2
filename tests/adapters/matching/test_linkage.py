"""The scores over a linkage set made by others, whose true clusters are known: precision and recall."""

import csv
from datetime import date
from pathlib import Path

from adapters.matching.person import Described, Name
from adapters.matching.score import Band, Sought, score


def people(path: Path) -> list[tuple[str, Described]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [
            (
                row["cluster"],
                Described(
                    key=row["unique_id"],
                    names=(Name(given=row["first_name"] or "", family=row["surname"] or ""),),
                    born=date.fromisoformat(row["dob"]) if row["dob"] else None,
                    addresses=(row["city"],) if row["city"] else (),
                    contacts=(row["email"],) if row["email"] else (),
                ),
            )
            for row in csv.DictReader(file)
        ]


def test_no_pair_of_two_people_is_certain(test_inputs: Path) -> None:
    found = people(test_inputs / "data/splink/fake_1000.csv")
    true = certain = false = shown = 0
    for place, (cluster, one) in enumerate(found):
        sought = Sought(
            name=one.name, born=one.born, address=next(iter(one.addresses), None), contacts=one.contacts
        )
        for other_cluster, other in found[place + 1 :]:
            if one.born is not None and other.born is not None and one.born.year - other.born.year > 20:
                continue  # a generation apart: another birth date, and nothing here outweighs that
            band = score(sought, other).band
            same = cluster == other_cluster
            true += same
            certain += same and band is Band.CERTAIN
            false += not same and band is Band.CERTAIN
            shown += same and band is not Band.NO
    print(f"pairs {true}; certain: precision {certain / (certain + false):.3f}, recall {certain / true:.3f}")
    print(f"certain or shown to a person: recall {shown / true:.3f}")
    assert false == 0
    assert certain / true >= 0.07
    assert shown / true >= 0.8
