"""`run`: stay connected, send what was queued, take what is handed over, answer what may be answered by rule."""

from adapters.command.argument import Commands


def add(commands: Commands) -> None:
    pass
