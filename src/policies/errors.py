"""What can go wrong when the rules' own data is read.

PolicyError
├── MalformedPolicy     a policy set is not what `parse_policy_set` takes
└── MalformedCatalogue  the catalogue is not what `load_catalogue` takes
"""


class PolicyError(Exception):
    """Base of this package's errors. `code` is stable; the message says what is wrong and where."""

    code = "policy-error"


class MalformedPolicy(PolicyError):
    """A policy set was refused."""

    code = "malformed-policy"


class MalformedCatalogue(PolicyError):
    """The catalogue was refused."""

    code = "malformed-catalogue"
