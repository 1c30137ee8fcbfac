"""The store and the broker as a simulated host sees them, and the ways of sending on top."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from beatkit.entry import Entry, Kind
from beatkit.sending import BrokerUnavailable, Outgoing, Way
from beatkit.sending.atomic import AtomicWay
from beatkit.sending.build import NotBuilt
from beatkit.sending.claimed import ClaimedWay
from beatkit.sending.message import outgoing
from beatkit.store import Command, Decision, Situation
from tests.simulation.faults import Crashed, NoReply

if TYPE_CHECKING:
    from tests.simulation.world import Host, World

QUEUE = "queue"


class Wire:
    """The store as a host sees it: each call takes time and may go wrong."""

    def __init__(self, world: World, host: Host) -> None:
        self._world = world
        self._host = host

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._world.store, name)
        moves = name in ("seed", "reserve", "claim")  # the only ones that write progress
        return lambda *args, **kwargs: self._exchange(lambda: call(*args, **kwargs), moves)

    def _exchange(self, call: Callable[[], Any], moves: bool) -> Any:
        world, host, faults = self._world, self._host, self._world.faults
        world.spend(host, world.random.randint(*faults.latency_ms))
        self.trouble()
        if world.t < world.out_until:
            world.spend(host, min(faults.timeout_ms, world.out_until - world.t))
            raise NoReply("the store is out")
        reply = world.served(call)
        if isinstance(reply, Situation):
            world.note_in_force(reply.revision)
        if moves:
            world.check_progress()
        world.spend(host, world.random.randint(*faults.latency_ms))
        self.trouble()
        if world.random.random() < faults.lost_reply:
            world.spend(host, faults.timeout_ms)
            raise NoReply("the reply was lost")
        return reply

    def trouble(self) -> None:
        world, faults = self._world, self._world.faults
        if world.random.random() < faults.crash:
            raise Crashed
        if world.random.random() < faults.stop:
            stopped = world.random.randint(*faults.stop_ms)
            world.spend(self._host, min(stopped, max(0.0, world.calm_from - world.t)))


def way_of(world: World, host: Host, store: Any) -> Way:
    """Return the way of sending of the world: the real one, with the least of messages."""
    if world.way == "claimed":
        lay_out = partial(outgoing, "sim:")
        return ClaimedWay(store, Publisher(world, host), lay_out, lambda: world.t / 1000)  # type: ignore[arg-type]
    watched = "somebody's code runs" if world.way == "reserved" else ""
    atomic = AtomicWay(store, Builder(world, host), lambda: lambda _: watched)  # type: ignore[arg-type]
    return BrokersWay(world, atomic)


class BrokersWay:
    """The atomic way while the broker alone is away."""

    name = "atomic"
    batch = AtomicWay.batch

    def __init__(self, world: World, way: AtomicWay) -> None:
        self._world = world
        self._way = way
        self.attend, self.leave, self.close = way.attend, way.leave, way.close

    def send(self, writer: Any, batch: Any) -> Decision:
        if self._world.t < self._world.broker_out_until:
            raise BrokerUnavailable("the broker is out")
        return self._way.send(writer, batch)


class Builder:
    """Builds messages; where somebody's code runs, that takes time and may go wrong."""

    def __init__(self, world: World, host: Host) -> None:
        self._world = world
        self._host = host

    def now(self) -> int:
        assert self._host.passes is not None
        return self._host.passes.presence.now()

    def build(
        self, entry: Entry, slot: int, kind: Kind, *, watched: bool, **_: object
    ) -> tuple[Command, ...]:
        world, host = self._world, self._host
        if watched:
            world.built.append((entry.name, slot, host.id, world.t))
            slow = entry.name in world.faults.slow
            world.spend(host, world.random.randint(*(world.faults.build_ms if slow else (0, 3))))
            Wire(world, host).trouble()
            if world.random.random() < world.faults.not_built:
                raise NotBuilt("a receiver raised")
        assert host.passes is not None
        message = [entry.name, slot, kind, host.id, host.passes.presence.me.revision]
        return (("LPUSH", QUEUE, json.dumps(message)),)

    def close(self) -> None:
        """There is nothing to let go of."""


class Publisher:
    """A broker that is not the store, as a host sees it."""

    blocked = False

    def __init__(self, world: World, host: Host) -> None:
        self._world = world
        self._host = host

    def ready(self) -> None:
        if self._world.t < self._world.broker_out_until:
            raise BrokerUnavailable("the broker is out")

    def publish(self, out: Outgoing, *, begun_before: bool = False) -> None:
        world, host = self._world, self._host
        world.spend(host, world.random.randint(*world.faults.latency_ms))
        Wire(world, host).trouble()
        self.ready()
        kind = out.options["headers"]["beatkit-kind"]
        world.arrived([out.entry.name, out.slot, kind, host.id, ""])
        Wire(world, host).trouble()
        if world.random.random() < world.faults.lost_reply:
            raise BrokerUnavailable("the confirmation was lost")

    def torn_is_out(self, task_id: str) -> bool:
        return False

    def close(self) -> None:
        """There is nothing to let go of."""
