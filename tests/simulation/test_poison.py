"""A message that makes the broker cut the connection, each time."""

from beatkit.schedules.rules import IntervalRule
from beatkit.sending import BrokerUnavailable, Outgoing
from tests.simulation import wire
from tests.simulation.test_dangers import latest, times
from tests.simulation.test_histories import hosts
from tests.simulation.world import World, entry


def test_a_message_that_ends_the_connection_each_time_holds_up_no_other_entry(monkeypatch, caplog):
    publish = wire.Publisher.publish

    def cut_off(self: wire.Publisher, out: Outgoing, **_: object) -> None:
        if out.entry.name == "bad":
            raise BrokerUnavailable("the connection was closed")
        publish(self, out)

    monkeypatch.setattr(wire.Publisher, "publish", cut_off)
    world = World(60, way="claimed")
    world.start(*hosts(1, [entry(name, IntervalRule(1_000)) for name in ("bad", "good")]))
    world.run(30)
    assert times(world, "good") == list(range(1, 31))[: len(world.sent)]
    assert len(world.sent) >= 29
    assert latest(world) <= 1.5
    assert (
        "beat: a message of 'bad' could not be published 10 times in a row, though the broker "
        "could be reached before: the message itself may be what it refuses. Others go first."
    ) in caplog.messages
