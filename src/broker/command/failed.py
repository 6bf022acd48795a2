"""How a command says no: one line on standard error that says what is wrong and what to do, and exit code
1."""


class CommandFailed(Exception):
    """A command cannot do what was asked; the message is the line people read."""
