"""What type checkers report: each ignore below must be needed, or the check fails."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from beatkit import make_app, periodic


@periodic(seconds=15)
def hello(word: str) -> int:
    return len(word)


hello(5)  # type: ignore[arg-type]
hello.delay()  # type: ignore[call-arg]
hello("hi").upper()  # type: ignore[attr-defined]

periodic(second=15)  # type: ignore[call-arg]
periodic(seconds="15")  # type: ignore[arg-type]
periodic(seconds=1, overlap="no")  # type: ignore[arg-type]

make_app("shop", broker_ulr="x")  # type: ignore[call-arg]
make_app("shop", timezone=5)  # type: ignore[arg-type]
