"""Security labels (FHIR R4, meta.security): which records are restricted, which resources are sensitive.

Promises: PDS's R, V and REDACTED, any confidentiality code we do not know, and a label that cannot be read
all count as restricted. Does not promise that a source labels what it should.
"""

from typing import Final

from adapters.connectors.fhir_json import JsonObject, objects, text

_CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_OPEN: Final = frozenset({"U", "L", "M", "N"})
"""Unrestricted, low, moderate, normal."""
_CLOSED: Final = frozenset({"R", "V", "REDACTED"})
"""Restricted, very restricted, and what PDS answers in place of either."""


def is_restricted(resource: JsonObject) -> bool:
    """Whether a resource bears a label at least as strict as R, or one that cannot be understood."""
    if "meta" not in resource:
        return False
    meta = resource["meta"]
    if not isinstance(meta, dict):
        return True
    if "security" not in meta:
        return False
    labels = meta["security"]
    if not isinstance(labels, list):
        return True
    return any(_strict(label) for label in labels)


def is_sensitive(resource: JsonObject) -> bool:
    """Whether a resource bears a label that is neither open nor one of confidentiality: what its subject
    keeps from others (v3-ActCode's sensitivity codes), or something we do not know.
    """
    return any(
        (text(label, "code") or "").upper() not in _OPEN | _CLOSED
        and text(label, "system") != _CONFIDENTIALITY
        for label in objects(resource, "meta", "security")
    )


def _strict(label: object) -> bool:
    code = text(label, "code")
    if code is None:
        return True
    if code.upper() in _CLOSED:
        return True
    return text(label, "system") == _CONFIDENTIALITY and code.upper() not in _OPEN
