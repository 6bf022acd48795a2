"""Forms to start from, as they lie in `examples/`. Everybody in them is invented."""

from enum import StrEnum
from importlib.resources import files


class Example(StrEnum):
    """The forms there are, by file name."""

    ASK = "ask.yaml"
    TELL = "tell.yaml"
    OUTCOME = "outcome.yaml"
    CORRECTION = "correction.yaml"
    ANSWER = "answer.yaml"
    RULES = "answering.toml"


def example(which: Example) -> str:
    """The text of one."""
    return files("adapters.answering").joinpath("examples", which.value).read_text("utf-8")
