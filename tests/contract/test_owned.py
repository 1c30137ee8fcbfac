"""Entries that operators add while beats run: put, changed, removed, read, given back."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from beatkit.store import Action, Answer, Progress, Seed
from beatkit.store.history import KeepsHistory
from beatkit.store.owned import REMOVALS, Changes, KeepsOwnedEntries, Owned, OwnedEntries
from beatkit.store.runs import KeepsRuns, Run
from tests.contract.benches import Bench
from tests.contract.shapes import beat, in_force, outcomes, push

UPSERT = Action("upsert", ("entry:a",), "ann@desk", "a new customer")
REMOVE = Action("remove", ("entry:a",), "bob@desk")
A = Owned("a", '{"name": "a b"}', "f1", "ann@desk")
B = Owned("b", '{"name": "b"}', "f1")


def owned(bench: Bench) -> OwnedEntries:
    return cast(KeepsOwnedEntries, bench.store).owned()


def version(bench: Bench) -> int:
    return bench.store.announce(beat(), expires=60_000).owned


def progress(bench: Bench, name: str = "a") -> Progress | None:
    return bench.store.read([name]).progress.get(name)


def bare(changes: Changes) -> list[tuple[str, str]]:
    return [(one.name, one.text) for one in changes.entries]


def test_what_is_put_is_read_with_its_version_and_the_time(bench: Bench) -> None:
    assert version(bench) == 0
    assert owned(bench).since(0) == Changes(0, True, ())
    assert owned(bench).put([A, B], UPSERT) == ("added", "added")
    (action,) = bench.store.actions()
    assert action == replace(UPSERT, at=action.at)
    found = owned(bench).since(0)
    first, second = found.entries
    assert first == replace(A, at=action.at, version=first.version)
    assert second == replace(B, at=action.at, version=second.version)
    assert 0 < first.version < second.version == found.version == version(bench)
    assert found.whole
    assert owned(bench).get(["b", "c"]) == {"b": second}


def test_only_what_changed_is_read_again(bench: Bench) -> None:
    owned(bench).put([A, B], UPSERT)
    known = version(bench)
    assert owned(bench).since(known) == Changes(known, False, ())

    assert owned(bench).put([replace(A, text="{}")], UPSERT) == ("changed",)
    changes = owned(bench).since(known)
    assert (changes.whole, bare(changes)) == (False, [("a", "{}")])
    assert changes.version == version(bench) > known

    assert owned(bench).put([Owned("b", "")], REMOVE) == ("removed",)
    assert bare(owned(bench).since(changes.version)) == [("b", "")]
    assert bare(owned(bench).since(known)) == [("a", "{}"), ("b", "")]
    assert bare(owned(bench).since(0)) == [("a", "{}")]
    assert owned(bench).get(["a", "b"]).keys() == {"a"}


def test_to_put_the_same_again_changes_nothing(bench: Bench) -> None:
    owned(bench).put([A], UPSERT)
    known, counted = version(bench), progress(bench)
    bench.advance(5_000)
    assert owned(bench).put([replace(A, by="bob@desk")], UPSERT) == ("same",)
    assert (version(bench), progress(bench)) == (known, counted)
    assert owned(bench).put([Owned("c", "")], REMOVE) == ("absent",)
    assert version(bench) == known


def test_an_entry_counts_from_when_it_was_put(bench: Bench) -> None:
    owned(bench).put([A], UPSERT)
    assert progress(bench) == Progress(bench.store.actions(1)[0].at, "f1")


def test_a_changed_schedule_counts_anew_and_a_changed_argument_does_not(bench: Bench) -> None:
    writer = in_force(bench.store)
    owned(bench).put([A], UPSERT)
    began = progress(bench)
    assert began is not None
    claim = push(began.slot, began.slot + 1, "a")
    assert outcomes(bench.store.claim(writer, [claim])) == ["sent"]
    bench.advance(5_000)

    owned(bench).put([replace(A, text="other arguments")], UPSERT)
    assert progress(bench) == Progress(began.slot + 1, "f1", "beat-1")
    owned(bench).put([replace(A, text="other schedule", fingerprint="f2")], UPSERT)
    assert progress(bench) == Progress(bench.store.actions(1)[0].at, "f2")


def test_no_slot_of_a_removed_entry_is_sent_by_a_beat_that_does_not_know_yet(bench: Bench) -> None:
    writer = in_force(bench.store)
    owned(bench).put([A], UPSERT)
    began = progress(bench)
    assert began is not None
    bench.store.act(Action("pause", ("entry:a", "entry:b"), reason="x"))
    owned(bench).put([Owned("a", "")], REMOVE)
    claim = push(began.slot, began.slot + 1, "a")
    assert outcomes(bench.store.claim(writer, [claim])) == ["moved"]
    assert progress(bench) is None
    assert bench.store.pauses().pauses.keys() == {"entry:b"}
    assert bench.queue("celery") == []


def test_an_entry_that_is_off_does_not_count_until_it_is_on(bench: Bench) -> None:
    owned(bench).put([replace(A, fingerprint="")], UPSERT)
    assert progress(bench) is None
    bench.advance(5_000)
    owned(bench).put([replace(A, text="on")], UPSERT)
    assert progress(bench) == Progress(bench.store.actions(1)[0].at, "f1")
    owned(bench).put([replace(A, fingerprint="", text="off")], UPSERT)
    assert progress(bench) is None


def test_who_read_before_the_forgotten_removals_is_told_all_there_is(bench: Bench) -> None:
    owned(bench).put([A, B], UPSERT)
    early = version(bench)
    many = [Owned(f"n{number}", "{}", "f") for number in range(REMOVALS + 2)]
    owned(bench).put([*many, replace(A, text="later")], UPSERT)
    late = version(bench)
    owned(bench).put([Owned(one.name, "") for one in many[:2]], REMOVE)
    middle = version(bench)
    owned(bench).put([Owned(one.name, "") for one in many[2:]], REMOVE)
    changes = owned(bench).since(early)
    assert (changes.whole, bare(changes)) == (True, [("b", B.text), ("a", "later")])
    assert owned(bench).since(late).whole
    changes = owned(bench).since(middle)
    assert (changes.whole, len(changes.entries)) == (False, REMOVALS)


def test_a_run_that_outlives_its_entry_leaves_no_row_behind(bench: Bench) -> None:
    """A reminder, say, that removes itself when it has run: there may be millions of them."""
    owned(bench).put([A, B], UPSERT)
    runs = cast(KeepsRuns, bench.store).runs()
    first, second = Run("a", 1, "id-1", "first"), Run("a", 2, "id-2", "second")
    runs.start(first)
    owned(bench).put([Owned("a", "")], REMOVE)
    runs.start(second)
    for one in (first, second):
        runs.finish(one, "finished", state="SUCCESS")
    runs.start(replace(first, entry="b"))
    history = cast(KeepsHistory, bench.store).history()
    assert history.lasts(["a", "b"]).ran.keys() == {"b"}
    assert [one.what for one in history.past().events if one.entry == "a"] == [
        "started", "started", "ended", "ended",
    ]  # fmt: skip

    owned(bench).put([A], UPSERT)
    runs.start(Run("a", 3, "id-3", "third"))
    assert history.lasts(["a"]).ran["a"].slot == 3


def test_many_are_read_in_order_however_many(bench: Bench) -> None:
    many = [Owned(f"n{number}", "{}", "f") for number in range(5_001)]
    assert set(owned(bench).put(many, UPSERT)) == {"added"}
    found = owned(bench).since(0)
    assert bare(found) == [(one.name, one.text) for one in many]
    assert found.version == found.entries[-1].version


def test_what_the_store_lost_is_given_back_and_nothing_newer_is_touched(bench: Bench) -> None:
    owned(bench).put([A, B, Owned("c", "old", "f")], UPSERT)
    known = owned(bench).since(0).entries
    bench.wipe()
    bench.advance(5_000)
    writer = in_force(bench.store)
    assert owned(bench).since(known[-1].version) == Changes(0, True, ())
    owned(bench).put([Owned("c", "new", "f"), replace(B, text="removed soon")], UPSERT)
    owned(bench).put([Owned("b", "")], REMOVE)

    assert owned(bench).give_back(replace(writer, identity="another"), known) == 0
    assert owned(bench).give_back(writer, known) == 1
    assert owned(bench).give_back(writer, known) == 0

    found = owned(bench).since(0)
    assert bare(found) == [("c", "new"), ("a", A.text)]
    assert found.entries[1].version == version(bench)


def test_a_seed_by_a_version_that_was_changed_or_removed_since_changes_nothing(
    bench: Bench,
) -> None:
    writer = in_force(bench.store)
    owned(bench).put([A, B], UPSERT)
    read = {one.name: one.version for one in owned(bench).since(0).entries}
    now = bench.store.read().now
    seeds = [Seed(name, "f9", now + 1, owned=version) for name, version in read.items()]
    owned(bench).put([Owned("a", "")], REMOVE)
    owned(bench).put([replace(B, text="changed", fingerprint="f2")], UPSERT)
    changed = progress(bench, "b")

    assert bench.store.seed(writer, seeds).progress == {"b": changed}
    assert bench.store.read().progress == {"b": changed}

    latest = owned(bench).since(0).version
    found = bench.store.seed(writer, [Seed("b", "f9", now + 60_000, owned=latest)]).progress
    assert found == {"b": Progress(now + 60_000, "f9")}


def test_a_claim_by_a_schedule_that_was_changed_since_is_answered_moved(bench: Bench) -> None:
    writer = in_force(bench.store)
    owned(bench).put([A], UPSERT)
    bench.advance(5_000)
    owned(bench).put([replace(A, text="changed", fingerprint="f2")], UPSERT)
    row = progress(bench)
    assert row is not None
    old = push(row.slot, row.slot + 1, entry="a", fingerprint="f1")
    assert bench.store.claim(writer, [old]).answers == (Answer("moved"),)
    assert outcomes(bench.store.claim(writer, [replace(old, fingerprint="f2")])) == ["sent"]
    assert bench.store.claim(writer, [old]).answers == (Answer("moved"),)


def test_what_was_removed_is_not_brought_back_by_who_did_not_hear_of_it(bench: Bench) -> None:
    owned(bench).put([A, B], UPSERT)
    before = owned(bench).since(0)
    owned(bench).put([Owned("a", "")], REMOVE)
    removal = owned(bench).since(before.version).entries
    bench.wipe()
    bench.advance(5_000)
    writer = in_force(bench.store)

    assert owned(bench).give_back(writer, removal) == 0
    assert owned(bench).give_back(writer, before.entries) == 1

    assert bare(owned(bench).since(0)) == [("b", B.text)]


def test_what_was_removed_is_removed_again_from_a_store_that_forgot_it(bench: Bench) -> None:
    writer = in_force(bench.store)
    owned(bench).put([A, B], UPSERT)
    removed = [Owned("a", "", version=version(bench) + 1), Owned("b", "", version=1)]
    assert owned(bench).give_back(writer, [*removed, Owned("c", "", version=9)]) == 0
    assert bare(owned(bench).since(0)) == [("b", B.text)]
