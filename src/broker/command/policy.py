"""`gatehouse policy show`: the sharing policy in force, as the hub's database has it."""

import argparse

from broker.command.failed import CommandFailed
from broker.command.options import add_database
from broker.command.show import say, show


def arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "policy", help="show the sharing policy in force", epilog="example: gatehouse policy show"
    )
    verbs = parser.add_subparsers(required=True, metavar="WHAT")
    showing = verbs.add_parser(
        "show",
        help="print the policy set in force",
        epilog="example: gatehouse policy show --json | jq .policy.rules",
    )
    add_database(showing)
    showing.add_argument("--json", action="store_true", help="print the whole policy set as JSON")
    showing.set_defaults(run=_show)


def _show(options: argparse.Namespace) -> int:
    from broker.command.database import read_rows
    from keys import strict_json
    from policies.policy_set import parse_policy_set

    rows = read_rows(options, "read_policy")
    if not rows:
        raise CommandFailed("No sharing policy is in force: nothing may pass until one is activated.")
    document = strict_json.parse_object(bytes(rows[0]["document"]))
    if options.json:
        show({"version": rows[0]["version"], "digest": rows[0]["digest"], "policy": document})
        return 0
    policy = parse_policy_set(document)
    say(f"policy set {policy.version}, digest {policy.digest}")
    say(f"an exchange no agreement covers is {'held' if policy.require_agreement else 'not held for that'}")
    for rating, seconds in policy.clocks:
        say(f"an answer rated {rating.value} is due within {seconds} s")
    for rule in policy.rules:
        say(
            f"{rule.name}: {_list(rule.from_sectors)} may {rule.action.value} {_list(rule.to_sectors)}"
            f" for {rule.purpose.value}: {_list(rule.categories)}"
        )
    return 0


def _list(words: tuple[str, ...]) -> str:
    return ", ".join(words)
