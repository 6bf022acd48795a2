"""Whether an opened body belongs to its declaration: every repeated field, the content commitment, every
subject.

Success is silence. What a mismatch means is the caller's: a recipient's adapter refuses to process and signs
that.
"""

from broker.protocol.body import Body, NoticeBody
from broker.protocol.declaration import Declaration, Item, Notice, NoticeKind
from keys import base64url, commitment, subject
from keys.errors import BadProof


def verify_binding(declaration: Declaration, body: Body, plaintext: bytes) -> None:
    """Compare an opened body with the declaration it came under.

    Args:
        plaintext: the exact bytes that were sealed.

    Raises:
        keys.errors.BadProof: `other-envelope`, `other-content`, `content-mismatch`, `other-subject` or
            `subject-mismatch`.
        keys.errors.MalformedInput: a value is not base64url in its one spelling.
    """
    if body.body != declaration.kind.value:
        raise BadProof("other-envelope", "The body is of another kind than declared.")
    if (body.sender, body.recipient, body.exchange, body.jti) != (
        declaration.iss,
        declaration.recipient,
        declaration.exchange,
        declaration.jti,
    ):
        raise BadProof("other-envelope", "The body was written for another envelope.")
    if isinstance(declaration, Item | Notice) and getattr(body, "category", None) is not declaration.category:
        raise BadProof("other-envelope", "The body is of another category than declared.")
    if isinstance(declaration, Notice) and isinstance(body, NoticeBody):
        _verify_notice(declaration, body)
    commitment.verify_content(
        declaration.body.commitment, base64url.decode(body.salt), _without_salt(plaintext, body.salt)
    )
    if len(body.subjects) != len(declaration.subjects):
        raise BadProof("other-subject", "The body has other subjects than declared.")
    for person, committed in zip(body.subjects, declaration.subjects, strict=True):
        if person.role is not committed.role:
            raise BadProof("other-subject", "A subject has another role than declared.")
        subject.verify_commitment(
            base64url.decode(committed.c), base64url.decode(person.r), base64url.decode(person.t1)
        )


def _verify_notice(declaration: Notice, body: NoticeBody) -> None:
    named = None if body.correction is None else body.correction.item
    if named != declaration.corrects:
        raise BadProof("other-envelope", "The body corrects something else than declared.")
    if (body.outcome is not None) != (declaration.notice is NoticeKind.OUTCOME):
        raise BadProof("other-envelope", "The body of an outcome, and no other, says what was decided.")


def content_commitment(plaintext: bytes, salt: str) -> str:
    """The declaration's `commitment` for a body's bytes: HMAC(salt, the bytes without the salt's text)."""
    return commitment.commit_content(base64url.decode(salt), _without_salt(plaintext, salt))


def _without_salt(plaintext: bytes, salt: str) -> bytes:
    # The salt travels inside the JSON it salts; its one occurrence is cut so that the rest is what is
    # committed to.
    if plaintext.count(salt.encode()) != 1:
        raise BadProof("other-content", "The body does not carry its salt exactly once.")
    return plaintext.replace(salt.encode(), b"", 1)
