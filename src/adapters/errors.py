"""Every way the agency's side says no.

    AdapterError
    ├── Untrusted     a peer or the hub showed something that must not be relied on
    ├── Unreachable   the hub cannot be asked now; what was queued is sent later
    ├── Unusable      the state folder or journal cannot be used as it is
    └── WrongOrder    what a person asked for cannot be done as put

Promises a stable kebab-case `code` and one sentence that says what is wrong and what to do; never a secret,
never a value out of a body.
"""


class AdapterError(Exception):
    """A refusal with a stable code and a sentence for the person in front of it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Untrusted(AdapterError):
    """`identity-changed`, `unconfirmed-agency`, `split-view`, `key-set-refused`, `unknown-signer`, …"""


class Unreachable(AdapterError):
    """`no-connection`, `timed-out`, `stopped`."""


class Unusable(AdapterError):
    """`not-enrolled`, `already-enrolled`, `journal-too-new`, `agency-file`, …"""


class WrongOrder(AdapterError):
    """`unknown-envelope`, `unknown-exchange`, `unknown-agency`, `not-asked`, `already-answered`, …"""
