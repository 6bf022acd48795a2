"""Answering: the release rules and the record system that `run` is to answer from."""

import asyncio
import inspect
from typing import Any

from adapters.answering.release_rules import load_rules
from adapters.doctor.finding import Finding, failed, well
from adapters.errors import AdapterError
from adapters.folder import Folder


def look_at_rules(folder: Folder) -> Finding:
    """`answering.toml` reads."""
    try:
        load_rules(folder.path)
    except AdapterError as error:
        return failed("answering", error.message)
    if not (folder.path / "answering.toml").exists():
        return well("answering", "there is no answering.toml: every answer waits for a person.")
    return well("answering", "answering.toml is read.")


async def look_at_connector(connector: Any) -> list[Finding]:
    """What a connector finds wrong with its own record system, where it has a `check` of its own: one finding
    for each thing it gives, in its words."""
    what = "connector"
    check = getattr(connector, "check", None)
    if check is None:
        return [well(what, "the record system is there; it has no check of its own.")]
    try:
        # A database is asked from a thread of its own, as for an answer.
        told = await asyncio.to_thread(check)
        found = await told if inspect.isawaitable(told) else told
    except Exception as error:  # a connector is others' code: its kind is said, its words may hold a record's
        code = getattr(error, "code", type(error).__name__)
        return [failed(what, f"The record system cannot be looked at ({code}): see docs/connectors.md.")]
    return [failed(what, _words(each)) for each in found or ()] or [
        well(what, "its own check finds nothing.")
    ]


def _words(found: object) -> str:
    at, words = getattr(found, "at", None), getattr(found, "words", None) or str(found)
    return f"{at}: {words}" if at else str(words)
