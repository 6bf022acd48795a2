"""The points of edwards25519 and Curve25519 that must never be keys (RFC 8032, RFC 7748).

Promises: names every low-order and every non-canonical encoding, which `cryptography` accepts, and can say
whether an Edwards point lies in the prime-order group. Works on public points only, so not in constant time.
The special values are computed from the curve equation, not listed.
"""

from typing import Final, TypeAlias

_P: Final = 2**255 - 19
_L: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, _P) % _P
_SQRT_MINUS_ONE: Final = pow(2, (_P - 1) // 4, _P)

_Point: TypeAlias = tuple[int, int, int, int]


def is_low_order_edwards(raw: bytes) -> bool:
    """True if the 32 bytes encode, canonically or not, a point whose order divides 8."""
    return _y(raw) % _P in _LOW_ORDER_Y


def is_canonical_edwards(raw: bytes) -> bool:
    """True if the 32 bytes' y is reduced (the sign bit of x = 0 concerns low-order points only)."""
    return _y(raw) < _P


def is_prime_order_edwards(raw: bytes) -> bool:
    """True if the 32 bytes are on the curve and in the group of prime order (no low-order component).

    About two milliseconds: for registration, not for every signature.
    """
    point = _decode(raw)
    return point is not None and _is_identity(_multiply(_L, point)) and not is_low_order_edwards(raw)


def is_bad_montgomery(raw: bytes) -> bool:
    """True if the 32 bytes are a low-order or non-canonical X25519 public key."""
    u = int.from_bytes(raw, "little")
    return u >= _P or u in _LOW_ORDER_U


def _y(raw: bytes) -> int:
    return int.from_bytes(raw, "little") & ((1 << 255) - 1)


def _sqrt(square: int) -> int | None:
    root = pow(square, (_P + 3) // 8, _P)
    if (root * root - square) % _P:
        root = root * _SQRT_MINUS_ONE % _P
    return None if (root * root - square) % _P else root


def _low_order_y() -> frozenset[int]:
    # Orders 1, 2 and 4 have y = 1, -1, 0. A point of order 8 doubles to y = 0, so x² = -y², and the curve
    # equation becomes d·y⁴ + 2y² - 1 = 0.
    found = {0, 1, _P - 1}
    discriminant = _sqrt((1 + _D) % _P)
    for sign in (1, -1):
        if discriminant is None:
            continue
        y = _sqrt((sign * discriminant - 1) * pow(_D, -1, _P) % _P)
        if y is not None:
            found |= {y, _P - y}
    return frozenset(found)


_LOW_ORDER_Y: Final = _low_order_y()
# The birational map u = (1 + y) / (1 - y) takes the low-order points along; y = 1 is the point at infinity.
# u = -1 is the low-order point of the twist.
_LOW_ORDER_U: Final = frozenset(
    {_P - 1} | {(1 + y) * pow(1 - y, -1, _P) % _P for y in _LOW_ORDER_Y if y != 1}
)


def _decode(raw: bytes) -> _Point | None:
    y = _y(raw)
    if y >= _P:
        return None
    x = _sqrt((y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P)
    if x is None:
        return None
    if x & 1 != raw[31] >> 7:
        x = _P - x
    return x, y, 1, x * y % _P


def _add(p: _Point, q: _Point) -> _Point:
    a = (p[1] - p[0]) * (q[1] - q[0]) % _P
    b = (p[1] + p[0]) * (q[1] + q[0]) % _P
    c = 2 * p[3] * q[3] * _D % _P
    d = 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiply(scalar: int, point: _Point) -> _Point:
    result: _Point = (0, 1, 1, 0)
    for bit in bin(scalar)[2:]:
        result = _add(result, result)
        if bit == "1":
            result = _add(result, point)
    return result


def _is_identity(point: _Point) -> bool:
    return point[0] % _P == 0 and (point[1] - point[2]) % _P == 0
