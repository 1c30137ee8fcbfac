"""One beat's life, on clocks that a test sets."""

from functools import partial

import pytest

from beatkit.beat.owned import OwnedRows
from beatkit.beat.passes import Passes
from beatkit.beat.presence import Presence
from beatkit.beat.revision import timing
from beatkit.beat.rows import Row
from beatkit.clock import HostClock
from beatkit.entry import Entry
from beatkit.schedules.celery import every
from beatkit.sending.claimed import ClaimedWay
from beatkit.sending.message import outgoing
from beatkit.store import Action, Beat
from beatkit.store.memory import memory_store
from beatkit.store.owned import Owned

NOON = 1_800_014_400_000


class Hands:
    """The world's clock, and a broker that may be away."""

    def __init__(self) -> None:
        self.passed = 0
        self.published: list[tuple[str, int]] = []
        self.dies = False
        self.dies_at = ""  # the entry whose message is on its way then
        self.blocked = False
        self.takes_ms = 0  # for each message, until the broker has confirmed it

    def now(self) -> int:
        return NOON + self.passed

    def host(self) -> HostClock:
        return HostClock(self.passed, self.now())

    def ready(self) -> None:
        """The broker is there."""

    def publish(self, out, *, begun_before=False) -> None:
        if self.dies or self.dies_at == out.entry.name:
            raise KeyboardInterrupt
        self.passed += self.takes_ms
        self.published.append((out.entry.name, out.slot))

    def torn_is_out(self, task_id: str) -> bool:
        """It says nothing."""
        return False

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def store(hands):
    return memory_store(clock=hands.now)


def a_beat(hands, store, name="one", *, schedule=None, names=("often",)) -> Passes:
    entries = [Entry(each, "t", schedule or every(seconds=1)) for each in names]
    presence = Presence(Beat(name, "host", 1, "revision"), ["often"], store, hands.host)
    way = ClaimedWay(store, hands, partial(outgoing, "test:"), lambda: hands.host().steady / 1000)
    rows = [Row(entry) for entry in entries]
    return Passes(
        presence, rows, store, way,
        read_host=hands.host, on_sent=lambda *_: None, poll_limit_ms=1000,
    )  # fmt: skip


def serving_what_is_added(beat: Passes, hands, store, *, schedule) -> None:
    """Let a beat serve a runtime-owned entry "added", and put it."""
    added = Entry("added", "t", schedule)

    def row(one: Entry, version: int) -> Row:
        return Row(one, owned=version)

    beat._owned = OwnedRows(store.owned(), lambda _: added, row, ["often"])
    store.owned().put([Owned("added", "{}", timing(added))], Action("upsert", ("entry:added",)))


def test_of_what_was_added_no_slot_of_an_outage_is_lost_with_the_stores_data(hands, store):
    beat = a_beat(hands, store, schedule=every(days=1))
    serving_what_is_added(beat, hands, store, schedule=every(seconds=10))
    for second in (0, 1, 10, 11):
        hands.passed = second * 1_000
        beat.tick()
    hands.passed = 33_000
    store.wipe()
    for _ in range(10):
        hands.passed += 200
        beat.tick()
    assert hands.published == [("added", NOON + 10_000), ("added", NOON + 30_000)]


@pytest.mark.parametrize("then", ["is removed", "is given another schedule"])
def test_a_beat_stopped_while_it_seeds_what_was_added_sends_nothing_that_is_void(
    hands, store, then
):
    """Another beat has sent its slots meanwhile, until it was removed or changed."""
    beat = a_beat(hands, store, schedule=every(days=1))
    beat.tick()
    serving_what_is_added(beat, hands, store, schedule=every(seconds=10))
    seed = store.seed

    def goes_on_half_a_minute_later(*args):
        hands.passed = 32_000
        store.seed = seed
        text = "" if then == "is removed" else "another"
        changed = Owned("added", text, timing(Entry("added", "t", every(hours=1))))
        store.owned().put([changed], Action("upsert", ("entry:added",)))
        return seed(*args)

    store.seed = goes_on_half_a_minute_later
    hands.passed = 1_000
    beat._look()
    beat._serve()
    beat._serve()
    assert hands.published == []


def test_a_tick_says_when_the_next_is_wanted(hands, store):
    beat = a_beat(hands, store)
    assert beat.tick() == 1.0
    hands.passed = 400
    assert beat.tick() == 0.6
    hands.passed = 1_000
    assert beat.tick() == 1.0
    assert hands.published == [("often", NOON + 1_000)]


def test_a_beat_with_nothing_due_still_announces_itself_each_second(hands, store):
    beat = a_beat(hands, store, schedule=every(days=1))
    assert beat.tick() == 1.0
    hands.passed = 250
    assert beat.tick() == 0.75


def test_what_was_claimed_and_not_published_is_given_back_on_leaving(hands, store):
    """The signal came between the claim and the publish."""
    beat = a_beat(hands, store)
    beat.tick()
    hands.passed = 1_000
    hands.dies = True
    with pytest.raises(KeyboardInterrupt):
        beat.tick()
    beat.leave(store)
    hands.dies = False

    other = a_beat(hands, store, "two")
    hands.passed = 1_200
    other.tick()
    assert hands.published == [("often", NOON + 1_000)]


def test_what_was_published_before_the_signal_is_not_given_back(hands, store):
    """It came amid a batch: three messages are out, and not reported yet."""
    names = ("a", "b", "c", "d")
    beat = a_beat(hands, store, names=names)
    beat.tick()
    hands.passed, hands.dies_at = 1_000, "d"
    with pytest.raises(KeyboardInterrupt):
        beat.tick()
    beat.leave(store)
    hands.dies_at = ""

    other = a_beat(hands, store, "two", names=names)
    hands.passed = 1_200
    other.tick()
    assert hands.published == [(name, NOON + 1_000) for name in names]


def test_a_broker_that_is_slow_to_confirm_holds_no_tick_and_gets_each_message_once(hands, store):
    """A hundred entries, 0.7 s each: the beat must go on announcing itself, and end its ticks."""
    names = [f"entry-{n:02}" for n in range(100)]
    beat = a_beat(hands, store, names=names, schedule=every(hours=1))
    beat.tick()
    hands.passed, hands.takes_ms = 3_600_000, 700
    ticks = []
    while len(hands.published) < 100:
        began = hands.passed
        beat.tick()
        ticks.append(hands.passed - began)
        hands.passed += 1
    assert max(ticks) < 4_000
    assert len(ticks) < 100
    assert sorted(hands.published) == [(name, NOON + 3_600_000) for name in names]
    hands.passed += 60_000
    beat.tick()
    assert len(hands.published) == 100


def test_a_beat_that_starts_where_nothing_changed_asks_the_store_to_change_nothing(hands, store):
    a_beat(hands, store).tick()
    seeds, seed = [], store.seed

    def noted(writer, some, gone=()):
        seeds.append(list(some))
        return seed(writer, some, gone)

    store.seed = noted
    hands.passed = 1_300  # the first is the lead still
    a_beat(hands, store, "two").tick()
    assert seeds == [[]]  # only whether it is still in force
    assert hands.published == [("often", NOON + 1_000)]

    a_beat(hands, store, "three", schedule=every(seconds=2)).tick()
    assert [one.entry for some in seeds for one in some] == ["often"]
