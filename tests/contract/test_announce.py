"""Who is alive, which schedule is in force, whose store it is."""

from __future__ import annotations

from beatkit.store import Peer, Promotion
from tests.contract.benches import Bench
from tests.contract.shapes import beat, in_force, push, seed_one


def test_the_first_announcement_makes_an_identity_that_stays(bench: Bench) -> None:
    first = bench.store.announce(beat("a"), expires=1000)
    second = bench.store.announce(beat("b"), expires=1000)

    assert first.identity
    assert first.identity == second.identity
    assert (first.revision, first.paused, first.pendings) == ("", {}, ())


def test_peers_come_in_order_of_start_with_what_they_said_last(bench: Bench) -> None:
    first = bench.store.announce(beat("b", sent=0), expires=60_000)
    bench.advance(100)
    bench.store.announce(beat("a"), expires=60_000)
    bench.advance(100)
    told = beat("b", sent=5, owed=2, appeared=first.now, number=3, passed=4, way="claimed")
    last = bench.store.announce(told, expires=60_000)

    assert [peer.beat.id for peer in last.peers] == ["b", "a"]
    assert last.peers[0] == Peer(told, started=first.now, seen=last.now)


def test_a_beat_that_says_nothing_more_is_gone_when_its_announcement_expires(
    bench: Bench,
) -> None:
    bench.store.announce(beat("a"), expires=5_000)
    bench.advance(5_000)
    second = bench.store.announce(beat("b"), expires=5_000)
    assert [peer.beat.id for peer in second.peers] == ["b"]

    bench.advance(1)
    back = bench.store.announce(beat("a"), expires=5_000)
    assert [peer.beat.id for peer in back.peers] == ["b", "a"]


def test_a_beat_withdraws_itself(bench: Bench) -> None:
    writer = in_force(bench.store, "a")
    at = seed_one(bench.store, writer)
    bench.store.claim(writer, [push(at, at + 1)])
    bench.store.announce(beat("b"), expires=60_000)

    seen = bench.store.announce(beat("a"), expires=0)

    assert [peer.beat.id for peer in seen.peers] == ["b"]
    assert bench.store.read().claimed == {}


def test_a_revision_comes_into_force_only_instead_of_the_one_named(bench: Bench) -> None:
    def promote(revision: str, instead_of: str) -> str:
        wanted = Promotion(revision, instead_of)
        return bench.store.announce(beat(), expires=1000, promote=wanted).revision

    assert promote("r1", "") == "r1"
    assert promote("r2", "") == "r1"
    assert promote("r2", "r0") == "r1"
    assert promote("r2", "r1") == "r2"
    assert promote("r2", "r1") == "r2"  # the same call again, after a lost reply


def test_a_wiped_store_has_another_identity_and_nothing_in_force(bench: Bench) -> None:
    writer = in_force(bench.store)
    seed_one(bench.store, writer)
    bench.wipe()

    seen = bench.store.announce(beat(), expires=1000)

    assert seen.identity not in ("", writer.identity)
    assert seen.revision == ""
    assert bench.store.read().progress == {}
