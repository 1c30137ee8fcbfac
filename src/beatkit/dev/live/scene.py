"""What does the live view show? A value, and what changes it. Nothing here draws or waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from heapq import nsmallest
from math import inf
from typing import Literal

from beatkit.dev.events import Event

MOST_RUNS = 200
NOTICE_SECONDS = 8.0

Verb = Literal["trigger", "pause", "resume", "quit"]


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of the schedule.

    Attributes:
        name: The entry's name.
        schedule: Its schedule, briefly.
        due: Epoch seconds of its next slot; None: it has no more.
        enabled: False: no beat sends it.
        paused: Somebody paused it, its tag, or everything.
    """

    name: str
    schedule: str
    due: float | None = None
    enabled: bool = True
    paused: bool = False

    @property
    def sends_at(self) -> float:
        """When it is next sent; infinity: never, as things are."""
        return inf if self.due is None or self.paused or not self.enabled else self.due


@dataclass(frozen=True, slots=True)
class Command:
    """What a key asks for.

    Attributes:
        verb: What to do.
        entry: With which entry; "" for quit.
    """

    verb: Verb
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is shown.

    Attributes:
        title: The app, as `celery -A` takes it.
        rows: The schedule, by name.
        running: Runs under way, by task id.
        runs: Runs that ended, the newest first.
        last: The last run of each entry, by its name.
        counts: How many runs ended how.
        chosen: The entry that the keys act on; None: no key has chosen one.
        only_output: The output has the whole screen.
        notice: What to tell, with the epoch seconds until which it is shown.
        stopping: No slot is sent any more; running tasks may finish.
    """

    title: str
    rows: Mapping[str, Row] = field(default_factory=dict)
    running: Mapping[str, Event] = field(default_factory=dict)
    runs: tuple[Event, ...] = ()
    last: Mapping[str, Event] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=Counter)
    chosen: str | None = None
    only_output: bool = False
    notice: tuple[str, float] = ("", 0.0)
    stopping: Literal["", "for good", "to start again"] = ""


def seen(scene: Scene, event: Event) -> Scene:
    """Return the scene after an event."""
    if event.kind == "sent":
        return scene
    if event.kind == "started":
        return replace(scene, running={**scene.running, event.task_id: event})
    running = {key: start for key, start in scene.running.items() if key != event.task_id}
    return replace(
        scene,
        running=running,
        runs=(event, *scene.runs[: MOST_RUNS - 1]),
        last={**scene.last, event.name: event},
        counts=Counter(scene.counts) + Counter([event.kind]),
    )


def told(scene: Scene, text: str, now: float) -> Scene:
    """Return the scene with something to tell for some seconds."""
    return replace(scene, notice=(text, now + NOTICE_SECONDS))


def stopping(scene: Scene, *, again: bool) -> Scene:
    """Return the scene when no slot is sent any more, or none until it has started again."""
    return replace(scene, stopping="to start again" if again else "for good", notice=("", 0.0))


def summary(scene: Scene) -> str:
    """Return what a session came to, in one line.

    Example:
        >>> summary(Scene("shop:app", counts={"ran": 12, "failed": 1}))
        'beatkit dev shop:app has ended: 12 ran, 1 failed'
    """
    counts = ", ".join(f"{number} {kind}" for kind, number in scene.counts.items())
    what = "starts again" if scene.stopping == "to start again" else "has ended"
    return f"beatkit dev {scene.title} {what}: {counts or 'no run'}"


def held(scene: Scene, paused: Iterable[str]) -> Scene:
    """Return the scene with just these entries paused."""
    names = set(paused)
    if names == {row.name for row in scene.rows.values() if row.paused}:
        return scene
    rows = {name: replace(row, paused=name in names) for name, row in scene.rows.items()}
    return replace(scene, rows=rows)


def pressed(scene: Scene, key: str, now: float, page: int) -> tuple[Scene, Command | None]:
    """Return the scene after a key, and what it asks for.

    Args:
        scene: Before.
        key: As `beatkit.dev.live.keys` names it.
        now: Epoch seconds.
        page: How many entries are seen at once.
    """
    if key == "q":
        return scene, Command("quit")
    if key == "o":
        return replace(scene, only_output=not scene.only_output), None
    if key == "escape":
        return replace(scene, chosen=None), None
    if key in _steps(page):
        return _moved(scene, _steps(page)[key]), None
    if key in ("t", "p"):
        return _acting(scene, key, now)
    return scene, None


def in_view(scene: Scene, count: int) -> list[Row]:
    """Return the entries for so many lines.

    The next to be sent come first. While one is chosen they are sorted by name, as what
    moves cannot be chosen from; then those around the chosen one are meant.
    """
    if scene.chosen is None:
        return nsmallest(count, scene.rows.values(), key=lambda row: (row.sends_at, row.name))
    names = sorted(scene.rows)
    first = min(names.index(scene.chosen) - count // 2, len(names) - count)
    return [scene.rows[name] for name in names[max(first, 0) : max(first, 0) + count]]


def _steps(page: int) -> Mapping[str, float]:
    return {
        "up": -1, "k": -1, "down": 1, "j": 1,
        "page up": -page, "page down": page, "home": -inf, "end": inf,
    }  # fmt: skip


def _moved(scene: Scene, step: float) -> Scene:
    names = sorted(scene.rows)
    if not names:
        return scene
    if scene.chosen is None:
        chosen = in_view(scene, 1)[0].name  # what stands on top
    else:
        last = len(names) - 1
        chosen = names[int(min(max(names.index(scene.chosen) + step, 0), last))]
    return replace(scene, chosen=chosen, only_output=False)


def _acting(scene: Scene, key: str, now: float) -> tuple[Scene, Command | None]:
    name = scene.chosen or (next(iter(scene.rows)) if len(scene.rows) == 1 else None)
    if name is None:
        return told(scene, "choose an entry first, with the arrow keys", now), None
    if scene.stopping:
        return told(scene, "it is stopping", now), None
    if key == "t":
        return scene, Command("trigger", name)
    return scene, Command("resume" if scene.rows[name].paused else "pause", name)
