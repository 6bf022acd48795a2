"""Keys in others' hands: the hub puts a key of its own in an agency's place, mail meets a key that is gone, a
body is played again under another declaration. Real programs; what the hub's operator could do, SQL does.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from broker.protocol.declaration import TYP, parse_declaration
from keys import commitment, jws, strict_json
from keys.keyset import KeySet, SealingUse, digest, sign_key_set
from keys.sealing import SealingKey
from keys.signing import SigningKey
from tests.whole import forms
from tests.whole.agency import Agency
from tests.whole.programs import until
from tests.whole.stage import CARE, HEALTH, SCHOOL, Stage

_FAR: Final = 4_000_000_000


@pytest.fixture(scope="module")
def stage(bare_stage: Stage) -> Stage:
    """Social care and a school."""
    bare_stage.play(CARE, SCHOOL)
    return bare_stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Thief:
    """Keys that the hub's operator made, to read what is meant for somebody else."""

    identity: SigningKey
    sealing: SealingKey

    @classmethod
    def new(cls) -> "Thief":
        """Make them."""
        return cls(identity=SigningKey.generate(), sealing=SealingKey.generate())

    def key_set(self, agency: str, *, previous: str | None = None) -> str:
        """A key set in an agency's name, with the thief's sealing key in it."""
        made = KeySet(
            agency=agency,
            version=1 if previous is None else 2,
            previous=None if previous is None else digest(previous),
            expires=_FAR,
            signing=SigningKey.generate().public,
            sealing=(SealingUse(key=self.sealing.public, seal_until=_FAR),),
        )
        return sign_key_set(made, self.identity)


def _form(to: str, **more: Any) -> str:
    return forms.ask(to, "attendance" if to == SCHOOL else "health_attendances", **more)


def _ask(care: Agency, to: str = SCHOOL, *, wait: str = "60", until: str = "settled", **more: Any) -> str:
    form = care.paper("ask.yaml", _form(to, **more))
    expect = 5 if wait == "0" else 0
    return str(care.say("ask", form, "--wait", wait, "--until", until, expect=expect)["jti"])


def _refused(care: Agency, to: str) -> dict[str, str]:
    """Try to ask; the one line people read, and the error as programs read it."""
    form = care.paper("ask.yaml", _form(to))
    ran = care.do("ask", form, "--json", expect=1)
    assert ran.err.count("\n") == 1
    error: dict[str, str] = ran.json["error"]
    assert error["message"] in ran.err
    return error


def _seen_again(stage: Stage, agency: Agency, event: str, code: str, about: str) -> None:
    """Restart an adapter, which fetches the directory, and wait until it has logged so."""
    before = len(agency.running.events()) if agency.running else 0
    agency.stop()
    agency.start()

    def logged() -> bool:
        assert agency.running is not None
        return any(
            (each["event"], each.get("code"), each.get("agency")) == (event, code, about)
            for each in agency.running.events()[before:]
        )

    until(logged, f"{event} {code} {about}")


class TestKeyPutInAnothersPlace:
    """Whatever the hub shows, nothing is sealed to a key that no person confirmed."""

    def test_at_first_sight_it_is_heard_on_the_telephone(self, stage: Stage) -> None:
        care, thief = stage.agencies[CARE], Thief.new()
        care.stop()
        health = stage.enrol(HEALTH)
        stage.sql("UPDATE agency SET identity = $2 WHERE id = $1", HEALTH, thief.identity.public.raw)
        stage.sql("UPDATE key_set SET token = $2 WHERE agency = $1", HEALTH, thief.key_set(HEALTH))
        care.start()
        until(lambda: care.knows(HEALTH), "care has heard of health")
        error = _refused(care, HEALTH)
        assert error["code"] == "unconfirmed-agency"
        assert "ring health duty desk, 01632 960000" in error["message"]
        assert f"gatehouse-adapter keys confirm {HEALTH}" in error["message"]
        # The person rings, hears the true digits, and types them.
        digits = health.say("keys", "fingerprint")["fingerprint"]
        ran = care.do("keys", "confirm", HEALTH, digits, "--json", expect=1)
        assert ran.json["error"]["code"] == "fingerprint-mismatch"
        assert "ring the agency on a known number" in ran.err
        assert _refused(care, HEALTH)["code"] == "unconfirmed-agency"
        _nothing_went_to(stage, HEALTH, thief)

    @pytest.mark.parametrize("how", ["identity-changed", "key-set-refused"])
    def test_later_it_is_refused_and_said_until_the_true_one_is_shown_again(
        self, stage: Stage, how: str
    ) -> None:
        care, thief = stage.agencies[CARE], Thief.new()
        (row,) = stage.sql(
            "SELECT identity, token FROM agency a JOIN key_set k ON k.agency = a.id WHERE a.id = $1", SCHOOL
        )
        sent = len(care.rows("SELECT 1 FROM sent"))
        if how == "identity-changed":
            stage.sql("UPDATE agency SET identity = $2 WHERE id = $1", SCHOOL, thief.identity.public.raw)
            stage.sql("UPDATE key_set SET token = $2 WHERE agency = $1", SCHOOL, thief.key_set(SCHOOL))
        else:  # under the true identity key, as a successor that it never signed
            successor = thief.key_set(SCHOOL, previous=row["token"])
            stage.sql("INSERT INTO key_set VALUES ($1, 2, $2, $3)", SCHOOL, successor, _FAR)
        _seen_again(stage, care, "directory-refused", how, SCHOOL)
        error = _refused(care, SCHOOL)
        assert error["code"] == how
        assert "ring the agency" in error["message"]
        assert "REFUSED" in care.do("keys", "list").out
        assert len(care.rows("SELECT 1 FROM sent")) == sent, "nothing was sealed at all"

        stage.sql("DELETE FROM key_set WHERE agency = $1 AND version = 2", SCHOOL)
        stage.sql("UPDATE agency SET identity = $2 WHERE id = $1", SCHOOL, row["identity"])
        stage.sql("UPDATE key_set SET token = $2 WHERE agency = $1", SCHOOL, row["token"])
        care.stop()
        care.start()
        until(lambda: "REFUSED" not in care.do("keys", "list").out, "the true one is believed again")
        _ask(care)
        _nothing_went_to(stage, SCHOOL, thief)


def _nothing_went_to(stage: Stage, agency: str, thief: Thief) -> None:
    care = stage.agencies[CARE]
    sealed_to = {
        row["sealed_to"] for row in care.rows("SELECT sealed_to FROM sent WHERE recipient = ?", agency)
    }
    assert thief.sealing.kid not in sealed_to
    assert len(sealed_to) == (0 if agency == HEALTH else 1)
    assert bool(stage.sql("SELECT 1 FROM envelope WHERE recipient = $1", agency)) == bool(sealed_to)


class TestMailUnderWay:
    """A key set changes while mail lies undelivered."""

    def test_a_rotation_keeps_the_old_key_for_mail_on_its_way(self, stage: Stage) -> None:
        """Outcome: the same envelope opens with the old sealing key, kept until it is drained; what is
        written later is sealed to the new one.
        """
        care, school = stage.agencies[CARE], stage.agencies[SCHOOL]
        school.stop()
        ask = _ask(care, until="deposited")
        old = care.row("SELECT sealed_to FROM sent WHERE jti = ?", ask)["sealed_to"]
        school.do("keys", "rotate", "--wait", "0", "--by", "manager-2", expect=5)
        school.start()
        assert care.reach(ask, "settled")["jti"] == ask
        assert [each["jti"] for each in school.inbox(ask)] == [ask]
        until(lambda: _version(care) == 2, "care has heard of the rotation")
        later = _ask(care)
        new = care.row("SELECT sealed_to FROM sent WHERE jti = ?", later)["sealed_to"]
        assert new != old
        assert {path.name for path in (school.state / "keys").glob("sealing-*")} == {
            f"sealing-{old}",
            f"sealing-{new}",
        }

    def test_mail_sealed_to_a_destroyed_key_is_sealed_again(self, stage: Stage) -> None:
        """Outcome: the old envelope ends as cannot_open, by a signed receipt; the same words go out again as
        a new envelope to the key in force, and are read once.
        """
        care, school = stage.agencies[CARE], stage.agencies[SCHOOL]
        care.stop()
        concern = "gallimaufry of the second try"
        ask = _ask(care, wait="0", concern=concern)
        old = care.row("SELECT sealed_to FROM sent WHERE jti = ?", ask)["sealed_to"]
        assert (school.state / "keys" / f"sealing-{old}").exists()
        school.stop()
        school.settings(overlap_seconds=0, drain_seconds=0)
        school.start()
        school.do("keys", "rotate", "--by", "manager-2", "--wait", "30")
        until(lambda: not (school.state / "keys" / f"sealing-{old}").exists(), "the old key is destroyed")
        care.start()
        settled = care.reach(ask, "settled")
        assert (settled["replaces"], settled["state"]) == (ask, "opened")
        first = care.row("SELECT state, replaced_by FROM sent WHERE jti = ?", ask)
        assert (first["state"], first["replaced_by"]) == ("cannot_open", settled["jti"])
        outcomes = {each["jti"]: each["outcome"] for each in school.say("inbox")["received"]}
        assert (outcomes[ask], outcomes[settled["jti"]]) == ("cannot_open", "opened")
        assert school.say("open", settled["jti"])["body"]["concern"] == concern
        school.do("open", ask, expect=1)
        tasks = [task["exchange"] for task in school.say("inbox")["tasks"]]
        assert settled["jti"] in tasks
        assert ask not in tasks


def _version(care: Agency) -> int:
    (peer,) = (each for each in care.say("keys", "list")["agencies"] if each["agency"] == SCHOOL)
    return int(peer["key_set_version"])


class TestBodyPlayedAgain:
    """A body opens under the declaration it was sealed for, and under no other."""

    def test_by_its_own_sender_under_another_declaration(self, stage: Stage) -> None:
        """The sender signs a declaration over a body it sealed for an earlier envelope: the hub, which cannot
        look inside, permits it; the recipient cannot open it and says so in its receipt.
        """
        care, school = stage.agencies[CARE], stage.agencies[SCHOOL]
        school.stop()
        care.stop()
        first = _ask(care, wait="0", concern="what was asked at first")
        second = _ask(care, wait="0", concern="what was asked then")
        body = care.row("SELECT body FROM sent WHERE jti = ?", first)["body"]
        declaration = care.row("SELECT declaration FROM sent WHERE jti = ?", second)["declaration"]
        care.write(
            "UPDATE sent SET body = ?, declaration = ? WHERE jti = ?",
            body,
            _over(care, declaration, body),
            second,
        )
        care.start()
        school.start()
        assert care.reach(first, "settled")["jti"] == first
        again = care.reach(second, "settled")
        assert again["replaces"] == second, "its sender's own archive still had the true words"
        outcomes = {each["jti"]: each["outcome"] for each in school.say("inbox")["received"]}
        assert (outcomes[first], outcomes[second]) == ("opened", "cannot_open")
        assert school.say("open", again["jti"])["body"]["concern"] == "what was asked then"
        school.do("open", second, expect=1)

    def test_by_the_hub_in_place_of_another_body(self, stage: Stage) -> None:
        """The hub hands over one envelope with the body of another: it is not the one declared, so nothing of
        it is taken, not even a receipt given.
        """
        care, school = stage.agencies[CARE], stage.agencies[SCHOOL]
        school.stop()
        first, second = (_ask(care, until="deposited") for _ in range(2))
        stage.sql(
            "UPDATE body SET sealed = (SELECT sealed FROM body WHERE jti = $1) WHERE jti = $2", first, second
        )
        school.start()
        assert care.reach(first, "settled")["jti"] == first

        def refused() -> bool:
            assert school.running is not None
            return any(
                (each["event"], each.get("envelope")) == ("not-taken", second)
                for each in school.running.events()
            )

        until(refused, "the school has refused it")
        assert school.inbox(second) == []
        assert care.say("status", second)["state"] in ("deposited", "handed_over")


def _over(care: Agency, declaration: str, body: str) -> str:
    """A declaration with another body's digest in it, signed with the sender's own key."""
    parsed, claims = parse_declaration(declaration)
    digest_of = {**parsed.claims["body"], "digest": commitment.digest(body.encode())}  # type: ignore[dict-item]
    assert digest_of["digest"] != claims.body.digest
    seed = Path(care.state / "keys" / f"signing-{parsed.kid}").read_bytes()
    payload = strict_json.dump({**parsed.claims, "body": digest_of})
    return jws.sign(payload, SigningKey.from_seed(seed), TYP[claims.kind])
