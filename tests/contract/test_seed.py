"""From when an entry counts: first sight, change, absence, and data that was lost."""

from __future__ import annotations

from beatkit.store import Progress, Seed
from tests.contract.benches import Bench
from tests.contract.shapes import in_force, outcomes, push, seed_one

MINUTE = 60_000


def test_an_entry_never_seen_counts_from_its_anchor(bench: Bench) -> None:
    writer = in_force(bench.store)

    view = bench.store.seed(writer, [Seed("hello", "f1", anchor=1000)])

    assert view.progress == {"hello": Progress(1000, "f1")}
    assert view.refused == ""
    assert bench.store.read().progress == view.progress


def test_a_known_entry_goes_on_where_it_is(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.store.claim(writer, [push(at, at + 1)])

    view = bench.store.seed(writer, [Seed("hello", "f1", anchor=at + 86_400_000)])

    assert view.progress == {"hello": Progress(at + 1, "f1", "beat-1")}


def test_a_changed_entry_counts_from_the_moment_of_change(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)

    view = bench.store.seed(writer, [Seed("hello", "f2", anchor=at + 5000)])

    assert view.progress == {"hello": Progress(at + 5000, "f2")}


def test_a_change_never_moves_progress_back(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.store.claim(writer, [push(at, at + 10)])

    view = bench.store.seed(writer, [Seed("hello", "f2", anchor=at + 9)])

    assert view.progress == {"hello": Progress(at + 10, "f2", "beat-1")}


def test_an_entry_absent_for_less_than_a_minute_goes_on(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    marked = bench.store.seed(writer, [], gone=["hello", "never known"]).now
    bench.advance(MINUTE - 1000)
    bench.store.seed(writer, [], gone=["hello"])
    assert bench.store.read().progress == {"hello": Progress(at, "f1", absent_since=marked)}

    view = bench.store.seed(writer, [Seed("hello", "f1", anchor=at + MINUTE)])

    assert view.progress == {"hello": Progress(at, "f1")}


def test_an_entry_absent_for_a_minute_counts_anew(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.store.seed(writer, [], gone=["hello"])
    bench.advance(MINUTE)

    view = bench.store.seed(writer, [Seed("hello", "f1", anchor=at + MINUTE)])

    assert view.progress == {"hello": Progress(at + MINUTE, "f1")}


def test_an_entry_still_absent_after_a_minute_is_forgotten(bench: Bench) -> None:
    writer = in_force(bench.store)
    seed_one(bench.store, writer)
    bench.store.seed(writer, [], gone=["hello"])
    bench.advance(MINUTE)

    bench.store.seed(writer, [], gone=["hello"])

    assert bench.store.read().progress == {}


def test_a_store_that_lost_everything_is_raised_to_what_a_beat_knows(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    bench.wipe()
    writer = in_force(bench.store)

    view = bench.store.seed(writer, [Seed("hello", "f1", anchor=at + MINUTE, known=at)])

    assert view.progress == {"hello": Progress(at, "f1")}


def test_a_store_that_lost_the_latest_is_raised_to_what_a_beat_knows(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)
    behind = Seed("hello", "f1", anchor=at + MINUTE, known=at + 5)

    assert bench.store.seed(writer, [behind]).progress == {"hello": Progress(at + 5, "f1")}


def test_knowing_less_than_the_store_changes_nothing(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)

    view = bench.store.seed(writer, [Seed("hello", "f1", anchor=at + MINUTE, known=at - 5)])

    assert view.progress == {"hello": Progress(at, "f1")}


def test_a_beat_out_of_force_or_of_a_lost_store_seeds_nothing(bench: Bench) -> None:
    old = in_force(bench.store, "beat-1", "r1")
    seed_one(bench.store, old, "kept")
    in_force(bench.store, "beat-2", "r2")

    view = bench.store.seed(old, [Seed("hello", "f1", anchor=5)], gone=["kept"])
    assert (view.refused, view.progress) == ("not_in_force", {})
    assert bench.store.read().progress["kept"].absent_since is None
    assert "hello" not in bench.store.read().progress

    bench.wipe()
    assert bench.store.seed(old, [Seed("hello", "f1", anchor=5)]).refused == "lost"


def test_reading_names_nobody_knows_gives_nothing(bench: Bench) -> None:
    writer = in_force(bench.store)
    at = seed_one(bench.store, writer)

    view = bench.store.read(["nobody", "hello"])

    assert view.progress == {"hello": Progress(at, "f1")}
    assert view.now >= at


def test_many_entries_are_seeded_and_read_at_once(bench: Bench) -> None:
    writer = in_force(bench.store)
    names = [f"entry {k} ü" for k in range(2500)]

    view = bench.store.seed(writer, [Seed(name, "f1", anchor=7) for name in names])

    assert view.progress == {name: Progress(7, "f1") for name in names}
    assert bench.store.read(names).progress == view.progress
    assert bench.store.read().progress == view.progress
    claims = [push(7, 8, name) for name in names]
    assert set(outcomes(bench.store.claim(writer, claims))) == {"sent"}
    assert len(bench.queue("celery")) == 2500
