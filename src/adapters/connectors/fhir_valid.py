"""Whether a resource is FHIR R4, by the models of `fhir.resources` (R4B; R4 and R4B do not differ in what we
read).
"""

from adapters.connectors.fhir_json import JsonObject

READ: frozenset[str] = frozenset(
    {"Patient", "RelatedPerson", "Encounter", "Condition", "Observation", "Flag"}
)
"""The resource types of which entries are made."""


def is_valid(resource: JsonObject) -> bool:
    """Whether the resource is of a type we read and is what the standard says of it."""
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or kind not in READ:
        return False
    # Importing the models takes a third of a second, which no command should pay that reads no record.
    from fhir.resources.R4B import get_fhir_model_class

    try:
        get_fhir_model_class(kind).model_validate(dict(resource))
    except Exception:
        # Whatever a model makes of bad data (it is not ours, and data decide what it raises): not valid.
        return False
    return True
