"""Decisions in words, as a practitioner and as a lawyer would read them."""

from dataclasses import replace

from policies.explain import explain, explain_full
from policies.finding import Effect
from policies.vocabulary import Category
from policies.wording import WORDINGS
from tests.policies.case import asker_claims, decided, question, s47_release_police, school


def test_a_refusal_says_what_is_wrong_and_what_mends_it() -> None:
    assert explain(decided(asker_claims(question(), article9=None))) == (
        "This may not pass as declared; nothing has been sent. This can hold health or other specially "
        "protected data, and the asking agency names no condition for it. Name a condition; for protecting a "
        "child it is usually the safeguarding condition."
    )


def test_a_hold_says_whom_to_ring() -> None:
    assert explain(decided(question(agreement=None))) == (
        "This is held; nothing has been sent. No agreement in force covers these two agencies for this. That "
        "is good practice missing, not law. Ring Safeguarding nurse, 01632 960002; the duty contact there "
        "can lift the hold for this once."
    )


def test_an_allow_says_what_was_not_checked_in_full_once() -> None:
    words = explain(decided(s47_release_police()))
    assert words.startswith("This may pass: ")
    assert words.count("Not checked in full by this hub") == 1
    assert "Egdell" in words
    assert "collected this for law enforcement" in words


def test_a_refusal_does_not_ask_for_lifts() -> None:
    both = asker_claims(replace(question(), agreement=None), article9=None)
    assert "Ring" not in explain(decided(both))


def test_in_full_each_finding_has_its_code_source_and_status() -> None:
    decision = decided(question(agreement=None))
    full = explain_full(decision)
    for found in decision.findings:
        assert found.code in full
        assert found.source in full
    assert "(partly)" in full
    assert "needs: agreement" in full
    assert decision.policy_digest in full
    assert decision.catalogue_digest in full


def test_in_full_an_ask_says_where_a_nil_may_be_told_of() -> None:
    asked = question(source=school(), categories=(Category.ATTENDANCE,))
    assert "a nil may be told of: attendance" in explain_full(decided(asked))


def test_every_wording_is_a_sentence_with_a_remedy() -> None:
    for code, wording in WORDINGS.items():
        assert wording.sentence.endswith((".", "{caution}")), code
        assert wording.remedy.endswith("."), code
        assert len(wording.sentence) < 140, code
        if wording.effect is not Effect.NOTE:
            assert wording.remedy != "Nothing to do.", code
