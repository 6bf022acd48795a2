"""Every way this package says no.

Promises a stable kebab-case `code` and a message that says what is wrong; never a secret, never a
value taken from a body.
"""


class Rejected(Exception):
    """Input, key, signature, ciphertext, proof or file that is not accepted.

    `code` is stable and may be shown to a peer; the message is for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def __reduce__(self) -> tuple[type["Rejected"], tuple[str, str]]:
        return type(self), (self.code, self.message)


class MalformedInput(Rejected):
    """Bytes that do not have the one accepted form."""


class BadKey(Rejected):
    """A key that must not be used, or not for this."""


class BadSignature(Rejected):
    """A signature that does not verify, or by another key, or of another type."""


class CannotOpen(Rejected):
    """A sealed body that does not open with this key in this context."""


class BadProof(Rejected):
    """A Merkle proof, commitment or checkpoint that does not hold."""


class UnsafeFile(Rejected):
    """A secret file whose owner, mode or kind is unsafe."""
