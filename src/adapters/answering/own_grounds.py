"""Grounds for what is said within an exchange, where the command line names none: those we claimed in it
ourselves, or the preset that fits, with the reasons that stand in the exchange.
"""

from adapters.answering.grounds_form import Claiming, fitting_presets
from adapters.answering.policy import own_sector, policy_in_force
from adapters.desk.exchange import exchange_of
from adapters.errors import WrongOrder
from adapters.folder import Folder
from adapters.letter import message_purpose
from broker.protocol.declaration import Notice
from policies.grounds import Grounds
from policies.policy_set import with_case
from policies.vocabulary import Action, Purpose, SchedulePara18Reason


def message_grounds(folder: Folder, exchange: str, *, preset: str | None) -> Grounds:
    """Grounds for a message in an exchange. Raises WrongOrder: `unknown-exchange`, `no-preset`."""
    opening = exchange_of(folder, exchange)
    if opening.mine and preset is None:
        return opening.declaration.grounds
    told = isinstance(opening.declaration, Notice)
    action = Action.TELL if told else Action.ASK if opening.mine else Action.RELEASE
    reasons = {each.subject: each.reason for each in opening.declaration.grounds.schedule1}
    return _fitting(
        folder,
        action=action,
        purpose=message_purpose(opening.declaration, folder.me),
        reasons=tuple(
            reasons.get(n, SchedulePara18Reason.B) for n in range(len(opening.declaration.subjects))
        ),
        preset=preset,
    )


def telling_grounds(folder: Folder, purpose: Purpose, subjects: int, *, preset: str | None) -> Grounds:
    """Grounds for an outcome or a correction about so many people. Raises WrongOrder, `no-preset`."""
    reasons = (SchedulePara18Reason.B,) * subjects
    return _fitting(folder, action=Action.TELL, purpose=purpose, reasons=reasons, preset=preset)


def _fitting(
    folder: Folder,
    *,
    action: Action,
    purpose: Purpose,
    reasons: tuple[SchedulePara18Reason, ...],
    preset: str | None,
) -> Grounds:
    claiming = Claiming(
        policy=policy_in_force(folder),
        sector=own_sector(folder),
        action=action,
        purpose=purpose,
        subjects=len(reasons),
    )
    fitting = fitting_presets(claiming)
    name = preset or next(iter(fitting), None)
    if name not in fitting:
        names = ", ".join(fitting) or "none; an administrator adds one to the sharing policy"
        raise WrongOrder("no-preset", f"No such preset serves this here. Those that do: {names}.")
    return with_case(fitting[name].grounds, reasons=reasons)
