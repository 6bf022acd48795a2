"""The last word. Findings say what is wrong; the gate alone says yes.

One function with one signature, so that a policy engine can stand here later: it sees the whole question,
what was found, and the policy. Only an explicit True allows. It asks again, by itself and in the shortest
way, what must be so: nothing refuses or holds, a rule covers every category, and each side that must have
grounds has.
"""

from collections.abc import Sequence

from policies.finding import Effect, Finding
from policies.policy_set import PolicySet
from policies.question import Question
from policies.vocabulary import Action


def gate(question: Question, findings: Sequence[Finding], policy: PolicySet) -> bool:
    """Whether this may pass."""
    if any(finding.effect is not Effect.NOTE for finding in findings):
        return False
    if (question.policy.version, question.policy.digest) != (policy.version, policy.digest):
        return False
    if question.asker.grounds is None:
        return False
    if question.source.grounds is None and question.action is not Action.ASK:
        return False
    sender, recipient = question.asker.sector, question.source.sector
    if question.action is not Action.ASK:
        sender, recipient = recipient, sender
    return bool(question.categories) and all(
        (question.action, question.purpose, sender, recipient, category) in policy.allowed
        for category in question.categories
    )
