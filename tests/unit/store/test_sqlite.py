"""What several processes see in a store in a file, and what outlives them."""

from __future__ import annotations

import multiprocessing
import sqlite3
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from beatkit.errors import StoreUnavailable
from beatkit.store import Beat, Claim, Promotion, Seed, Store, Writer, open_store


def test_a_file_that_another_process_holds_is_an_outage_and_bounded(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/beatkit.db", prefix="x:", timeout=0.01)
    store.read()
    other = sqlite3.connect(tmp_path / "beatkit.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable) as caught:
        store.read()
    assert str(caught.value) == (
        f"Store '{tmp_path}/beatkit.db' is not available: database is locked\n"
        "  from beatkit_store_url\n"
        "  nothing is lost: what is owed is sent when it is back"
    )
    other.execute("ROLLBACK")
    assert store.read().progress == {}
    other.close()
    store.close()


def claim_all(url: str, name: str, slots: int) -> int:
    store = open_store(url, prefix="x:", timeout=20)
    seen = store.announce(Beat(name, "host", 1, "r1"), expires=60_000)
    writer = Writer(name, seen.identity, "r1")
    won = 0
    for slot in range(slots):
        claim = Claim("hello", slot, slot + 1, 0, act="pend")
        won += store.claim(writer, [claim]).answers[0].outcome == "pending"
    store.close()
    return won


def test_of_several_processes_one_wins_each_slot(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/beatkit.db"
    store = open_store(url, prefix="x:", timeout=20)
    store.announce(Beat("first", "host", 1, "r1"), expires=60_000, promote=Promotion("r1", ""))
    identity = store.announce(Beat("first", "host", 1, "r1"), expires=60_000).identity
    store.seed(Writer("first", identity, "r1"), [Seed("hello", "f", anchor=0)])

    with multiprocessing.get_context("spawn").Pool(3) as pool:
        jobs = [pool.apply_async(claim_all, (url, f"beat-{n}", 100)) for n in range(3)]
        won = [job.get(timeout=60) for job in jobs]

    assert sum(won) == 100
    assert len(store.announce(Beat("first", "host", 1, "r1"), expires=1).pendings) == 100
    store.close()


def test_what_was_answered_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/beatkit.db"
    first = open_store(url, prefix="x:")
    seen = first.announce(Beat("a", "host", 1, "r1"), expires=9, promote=Promotion("r1", ""))
    first.seed(Writer("a", seen.identity, "r1"), [Seed("hello", "f", anchor=5)])
    first.close()

    again = open_store(url, prefix="x:")
    assert again.read().progress["hello"].slot == 5
    assert open_store(url, prefix="y:").read().progress == {}
    again.close()


def claim_for_ever(url: str, told: Connection) -> None:
    store = open_store(url, prefix="x:", timeout=20)
    seen = store.announce(Beat("killed", "host", 1, "r1"), expires=60_000)
    writer = Writer("killed", seen.identity, "r1")
    slot = store.read().progress["hello"].slot
    while True:
        slot += 1
        assert store.claim(writer, [Claim("hello", slot - 1, slot, 0, act="pend")])
        told.send(slot)


def test_whatever_was_answered_outlives_a_kill_at_any_instruction(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/beatkit.db"
    store = open_store(url, prefix="x:", timeout=20)
    first = Beat("first", "host", 1, "r1")
    seen = store.announce(first, expires=600_000, promote=Promotion("r1", ""))
    store.seed(Writer("first", seen.identity, "r1"), [Seed("hello", "f", anchor=0)])
    spawn = multiprocessing.get_context("spawn")

    for _ in range(3):
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=claim_for_ever, args=(url, theirs))
        process.start()
        answered = [ours.recv() for _ in range(20)]
        process.kill()
        process.join()
        while ours.poll():
            answered.append(ours.recv())
        reached = store.read().progress["hello"].slot
        assert reached - answered[-1] in (0, 1)  # the one whose answer was on its way

    pendings = store.announce(first, expires=1).pendings
    assert [one.slot for one in pendings] == list(range(1, reached + 1))
    store.close()


def test_a_file_deleted_under_a_beat_is_a_store_that_lost_its_data(tmp_path: Path) -> None:
    def opened() -> Store:
        return open_store(f"sqlite:///{tmp_path / 'b.db'}", prefix="shop:")

    old, new, third = opened(), opened(), opened()
    lost = old.announce(Beat("old", "host", 1, "r1"), expires=60_000)
    for file in tmp_path.iterdir():
        file.unlink()

    made = new.announce(Beat("new", "host", 1, "r1"), expires=60_000)
    found = old.announce(Beat("old", "host", 1, "r1"), expires=60_000)
    old.close()
    seen = third.announce(Beat("third", "host", 1, "r1"), expires=60_000)

    assert lost.identity != made.identity == found.identity == seen.identity
    assert [peer.beat.id for peer in seen.peers] == ["new", "old", "third"]
    for store in (new, third):
        store.close()
