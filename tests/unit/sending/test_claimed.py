"""Several beats at what none of them can build, over a store in memory."""

from __future__ import annotations

from functools import partial

import pytest

from beatkit.entry import Entry
from beatkit.sending.build import NotBuilt
from beatkit.sending.claimed import ClaimedWay
from beatkit.sending.message import Outgoing, outgoing
from beatkit.store import Beat, Claim, Promotion, Seed, Writer
from beatkit.store.memory import memory_store
from beatkit.store.tabled import TabledStore

NOON = 1_800_014_400_000
ENTRY = Entry("bad", "t", None)


class Broker:
    """A broker that all beats reach, for messages that can be built or not."""

    blocked = False

    def __init__(self) -> None:
        self.builds = False
        self.published: list[int] = []

    def ready(self) -> None:
        """It is there."""

    def publish(self, out: Outgoing, *, begun_before: bool = False) -> None:
        if not self.builds:
            raise NotBuilt("no")
        self.published.append(out.slot)

    def close(self) -> None:
        """Nothing is open."""


class Crew:
    """Beats that all look once a second, and all want to send what is due."""

    def __init__(self, count: int) -> None:
        self.now = NOON
        self.broker = Broker()
        self.store: TabledStore = memory_store(clock=lambda: self.now)
        self.beats = [Beat(f"beat-{n}", "host", n, "r1") for n in range(count)]
        lay_out = partial(outgoing, "test:")
        self.ways = [ClaimedWay(self.store, self.broker, lay_out) for _ in self.beats]  # type: ignore[arg-type]
        seen = self.store.announce(self.beats[0], expires=5_000, promote=Promotion("r1", ""))
        self.writers = [Writer(beat.id, seen.identity, "r1") for beat in self.beats]
        self.store.seed(self.writers[0], [Seed("bad", "f", anchor=NOON)])

    def go_on(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1_000
            for beat, writer, way in zip(self.beats, self.writers, self.ways, strict=True):
                seen = self.store.announce(beat, expires=5_000)
                way.attend(writer, seen, {"bad": ENTRY}.get)
                after = self.store.read(["bad"]).progress["bad"].slot
                if after < self.now:
                    way.send(writer, [(ENTRY, Claim("bad", after, self.now, not_before=0))])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_entry_that_no_beat_can_build_has_a_pending_a_beat_at_most_however_long(
    count: int,
) -> None:
    crew = Crew(count)

    crew.go_on(3_600)

    assert len(crew.store.announce(crew.beats[0], expires=5_000).pendings) <= count


@pytest.mark.parametrize("count", [1, 2, 3])
def test_once_it_can_be_built_all_of_it_is_sent_within_its_patience(count: int) -> None:
    crew = Crew(count)
    crew.go_on(600)
    crew.broker.builds = True

    crew.go_on(100)

    assert crew.store.announce(crew.beats[0], expires=5_000).pendings == ()
    assert crew.broker.published[-1] == crew.now
