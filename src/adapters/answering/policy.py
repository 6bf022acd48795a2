"""The sharing policy in force and our own sector, as the running adapter last learned them from the hub."""

from typing import Final

from adapters.errors import Unusable
from adapters.folder import Folder
from keys import strict_json
from policies.policy_set import PolicySet, parse_policy_set
from policies.vocabulary import Sector

POLICY: Final = "policy"
"""The journal's setting that holds the policy set's text."""
SECTOR: Final = "sector"
"""The journal's setting that holds our own sector."""


def policy_in_force(folder: Folder) -> PolicySet:
    """The policy set, which names the presets. Raises Unusable, `no-policy`."""
    row = folder.journal.row("get_setting", name=POLICY)
    if row is None:
        raise _not_yet()
    return parse_policy_set(strict_json.parse(row["value"].encode()))


def own_sector(folder: Folder) -> Sector:
    """What the administrator recorded as our sector. Raises Unusable, `no-policy`."""
    row = folder.journal.row("get_setting", name=SECTOR)
    if row is None:
        raise _not_yet()
    return Sector(row["value"])


def _not_yet() -> Unusable:
    return Unusable(
        "no-policy",
        "The hub's policy is not here yet: start gatehouse-adapter run and try again.",
    )
