"""Speed and size, measured: `python -m bench` runs every module here, `python -m bench NAME` one.

A bench module has

- a docstring whose first line is the title of its table,
- `def run() -> Iterable[Row]`: measures, and yields one `Row` per line of the table,
  as soon as it is known.

Nothing is registered: a file `bench/NAME.py` with a `run` is found by its name; a file
whose name starts with an underscore is a helper. `fastest` times a call the way every
table here does. What is compared (a rival, the same without beatkit) is measured in the
same run and given as `reference`, because machines differ and ratios travel. Numbers of
the design's budgets are given as `budget`.

Each table is printed, and its rows are written with the machine, the date and the versions
to `bench/out/NAME.json`. A module that cannot run here (no server, no package) raises
`Unavailable` with the reason: the others still run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


class Unavailable(Exception):
    """This bench cannot run here; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing.

    Attributes:
        what: Names the thing: "next() of '*/5 * * * *', DST zone".
        value: The measurement, in `unit`; less is better unless `higher_is_better`.
        unit: Such as "s", "ms", "µs", "B", "sends/s".
        budget: The design's bound on `value`, in the same unit; None: there is none.
        reference: The same measurement of what we compare with, in the same unit.
        against: Names the reference: "stock beat", "croniter 6".
        higher_is_better: True for rates.
        raw: Every single measurement behind `value`; kept in the file, not printed.
        place: Measurement, row and column, for tables in which several stand side by side.
    """

    what: str
    value: float
    unit: str
    budget: float | None = None
    reference: float | None = None
    against: str = ""
    higher_is_better: bool = False
    raw: tuple[float, ...] = ()
    place: tuple[str, str, str] | None = None

    @property
    def within_budget(self) -> bool | None:
        """Whether the bound holds; None where there is no bound."""
        if self.budget is None:
            return None
        return self.value >= self.budget if self.higher_is_better else self.value <= self.budget

    @property
    def times_better(self) -> float | None:
        """How many times better than the reference; below 1 is worse."""
        if self.reference is None or not self.value or not self.reference:
            return None
        better, worse = self.reference, self.value
        return worse / better if self.higher_is_better else better / worse


def fastest(call: Callable[[], object], *, number: int = 1, repeat: int = 5) -> float:
    """Return the seconds of one `call`: the best of `repeat` rounds of `number` calls.

    The best, not the mean: other programs can only make a round slower.
    """
    rounds = []
    for _ in range(repeat):
        start = time.perf_counter()
        for _ in range(number):
            call()
        rounds.append((time.perf_counter() - start) / number)
    return min(rounds)
