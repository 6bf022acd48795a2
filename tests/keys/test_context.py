"""Domain separation and the encoders."""

import pytest

from keys import context


def test_no_context_is_a_prefix_of_another() -> None:
    contexts = [value for name, value in vars(context).items() if name.isupper()]
    assert len(contexts) >= 8
    assert len(set(contexts)) == len(contexts)
    for value in contexts:
        assert value.index(b"\0") == len(value) - 1
        assert not any(value is not other and other.startswith(value) for other in contexts)


def test_integers_are_big_endian_and_lengths_go_in_front() -> None:
    assert context.u32(1) == b"\0\0\0\x01"
    assert context.u64(258) == b"\0\0\0\0\0\0\x01\x02"
    assert context.lp(b"ab") == b"\0\0\0\x02ab"
    with pytest.raises(OverflowError):
        context.u32(1 << 32)
    with pytest.raises(OverflowError):
        context.u64(-1)
