"""Two hosts whose time zone data differ are told so, once."""

import logging
from dataclasses import replace

from beatkit.beat.peers import other_zone_data
from beatkit.beat.presence import Presence
from beatkit.clock import HostClock
from beatkit.store import Beat, Peer, Situation
from beatkit.store.memory import memory_store

ME = Beat("me", "here", 1, "revision", zones="2026f")


def among(*beats: Beat) -> Situation:
    return Situation(0, "identity", "revision", tuple(Peer(beat, 0, 0) for beat in beats), {}, ())


def test_hosts_with_other_zone_data_are_named_with_their_version() -> None:
    old = Beat("old", "there", 1, "revision", zones="2025b")
    assert other_zone_data(ME, among(ME, old)) == {"there": "2025b"}


def test_the_same_version_and_one_that_cannot_be_told_are_no_difference() -> None:
    same, silent = replace(ME, host="there"), replace(ME, host="elsewhere", zones="unknown")
    assert other_zone_data(ME, among(ME, same, silent)) == {}
    assert other_zone_data(replace(ME, zones="unknown"), among(ME, same)) == {}


def test_the_difference_is_logged_once(caplog) -> None:
    store = memory_store()
    old = Presence(
        replace(ME, id="old", host="there", zones="2025b"), [], store, lambda: HostClock(0, 0)
    )
    me = Presence(ME, [], store, lambda: HostClock(0, 0))
    old.look(0, 0)
    with caplog.at_level(logging.WARNING, "beatkit.beat"):
        me.look(0, 0)
        me.look(0, 0)
    assert [record.getMessage() for record in caplog.records] == [
        "beat: host there has time zone data 2025b, this one 2026f: where the two disagree, "
        "so may their slots.\n  update tzdata on both"
    ]
