"""A search on a FHIR server, page by page to its end, or said to be incomplete.

Promises: a next page is only fetched from the server itself, never twice, and within the limits; a search
whose pages or counts do not hold is `complete=False`, never shorter in silence.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from adapters.connectors.connector import ConnectorFailed
from adapters.connectors.fhir_http import Answer, Asking, Reply, outcome_codes
from adapters.connectors.fhir_json import JsonObject, objects, text
from adapters.connectors.fhir_source import KEPT, Located

FILE = 1
"""All of one server counts as one file: its ids are unique there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What a search found. `missing` is how many more the server counted than it gave, at least 1 where it
    did not give all.
    """

    supported: bool = True
    resources: tuple[Located, ...] = field(default=(), repr=False)
    missing: int = 0
    refused: bool = False
    """More matches than the server is willing to show."""

    @property
    def complete(self) -> bool:
        """Whether this is all there is."""
        return self.supported and not self.missing and not self.refused


def search(asking: Asking, path: str, **parameters: str) -> Results:
    """Search. Raises ConnectorFailed as `Asking.get`, and `server-link-elsewhere`."""
    url: str | None = asking.url_of(path, **parameters)
    seen: set[str] = set()
    found: list[Located] = []
    promised = bad = 0
    while url is not None:
        seen.add(url)
        answer = asking.get(url)
        if answer.reply is not Reply.GIVEN:
            # A page that was announced and is not there leaves the search incomplete.
            return Results(supported=False) if len(seen) == 1 else _results(found, promised, bad + 1)
        if text(answer.raw, "resourceType") == "OperationOutcome":
            return Results(refused=True, missing=1)
        if text(answer.raw, "resourceType") != "Bundle":
            raise ConnectorFailed("server-strange", "A search was answered by something that is no Bundle.")
        total = answer.raw.get("total")
        promised = max(promised, total if isinstance(total, int) and not isinstance(total, bool) else 0)
        for each in _entries(asking, answer):
            if each is None:
                bad += 1
            else:
                # A copy that says the same is harmless; one that is stricter must not be lost.
                found.append(each)
        url = _next(asking, answer.raw)
        if url is not None and (url in seen or len(seen) >= asking.limits.pages):
            return _results(found, promised, bad + 1)
    return _results(found, promised, bad)


def resource(asking: Asking, kind: str, id: str) -> tuple[Reply, Located | None]:
    """Read one resource by its id. Raises ConnectorFailed as `Asking.get`."""
    answer = asking.get(asking.url_of(f"{kind}/{id}"))
    if answer.reply is not Reply.GIVEN:
        return answer.reply, None
    if text(answer.raw, "resourceType") != kind:
        raise ConnectorFailed("server-strange", "The record server gave another kind of resource than asked.")
    return Reply.GIVEN, located(asking, answer.raw, None)


def located(asking: Asking, raw: JsonObject, url: str | None) -> Located:
    """Place a resource under the URL by which others refer to it."""
    kind, given = text(raw, "resourceType"), text(raw, "id")
    known_as = url or (asking.url_of(f"{kind}/{given}") if given is not None else None)
    return Located(file=FILE, url=known_as, raw=raw)


def _entries(asking: Asking, answer: Answer) -> Iterator[Located | None]:
    entries = answer.raw.get("entry", [])
    for entry in entries if isinstance(entries, list) else [None]:
        raw = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(raw, dict) or not isinstance(raw.get("resourceType"), str):
            yield None
        elif raw["resourceType"] == "OperationOutcome":
            worse = {text(issue, "severity") for issue in objects(raw, "issue")} & {"error", "fatal"}
            if worse or "too-costly" in outcome_codes(raw):
                yield None
        elif raw["resourceType"] in KEPT:
            yield located(asking, raw, text(entry, "fullUrl"))


def _next(asking: Asking, bundle: JsonObject) -> str | None:
    for link in objects(bundle, "link"):
        if text(link, "relation") == "next":
            url = asking.within(text(link, "url") or "")
            if url is None:
                raise ConnectorFailed(
                    "server-link-elsewhere",
                    "The record server's next page lies elsewhere; give the URL by which it names itself.",
                )
            return url
    return None


def _results(found: list[Located], promised: int, bad: int) -> Results:
    # Included resources are no matches, so there may be more than promised, never fewer.
    short = max(0, promised - len(found))
    return Results(resources=tuple(found), missing=max(short, bad))
