"""The process that sends: any number of beats, none of them elected.

This note is what a reviewer holds the code against.

**What is authoritative.** The *code* of the running release says which entries there are.
The *store* says how far each has got: one integer an entry, the last slot decided. Nothing
else is authoritative: no lock, no lease, no file, no leader, no clock of a beat's host.

**What a beat may decide alone.** Which slots are due, by the definition and the store's time
(`plan`); how to build their messages; whether to wait for a better-ranked beat (`peers`);
when to wake up (`agenda`). A beat that decides any of these wrongly wastes work and harms
nothing.

**What it may not decide alone.** That a slot is decided. A claim names the progress it
follows and the slot it takes, and holds only if the store's progress still is the former.
With the atomic way the store makes the claim and the enqueueing of the message one step,
so a beat that is stopped anywhere, for any time, and continued, sends nothing twice.

**The parts**, bottom to top:

- `clock` (one level up): the store's time, carried on a clock that only counts.
- `plan`: pure. One entry, its progress and now -> which slots to send, which to record as
  missed and why, and when to look again.
- `agenda`: which entry is due next. A heap; O(log n) a slot, O(1) when nothing is due.
- `peers`: pure. Announcements -> rank, revision in force, whether this beat acts.
- `presence` (what a beat announces and learns), `rows` (what it keeps of each entry),
  `seeding` (entries new to the store, gone from the schedule, lost with the store's data).
- `passes`: one beat's life, without Celery: announce, plan, send, advance. The simulation
  runs this very class on a virtual clock.
- `health` (the heartbeat file), `systemd` and `stuck` (ends a beat whose tick hangs): what its
  host learns of a beat. `survey`: what the store tells of all of them, without their help.
- `scheduler`: Celery's hooks onto `passes`, with `table` (the entries as Celery shows them)
  and `start` (a beat put together for an app); the only files that know `celery.beat`.

**One pass.** Announce (at most once a second) and read peers, revision, pauses and the
store's time · take due entries, in bounded batches · as a standby, read the progress of the
batch and drop what is decided · plan · build the messages · claim them in one round trip ·
read each slot's own answer · advance. The lead skips the reading: its own answers are the
progress, and a claim that follows a stale one is answered "moved" and planned again.

**What happens in each failure.**

- *A beat is killed at any instruction.* Claims it made are sent, the others are not, and no
  third case exists. The next beat by rank acts rank x 0.25 s after the slot's send time.
- *A beat is stopped and continued.* Its claims follow a progress that has moved on: refused.
  It re-reads the store's time and its peers before it acts again.
- *A reply is lost.* The same claims are made again; those that held answer "decided" with
  the slot they took.
- *The store is away, frozen, loading, read-only, full.* No slot can be decided, so none is
  lost. One ERROR; passes go on, each bounded by the socket's timeout; when the store is back,
  one INFO with the outage's length, and what is owed is sent by each entry's policy.
- *One entry cannot be built or pushed.* It backs off alone (1 s doubling to 60 s), with one
  ERROR a distinct reason; the others are not delayed.
- *The store lost its data.* Its random identity is gone: beats give it back the highest
  progress they know, wait 0.8 s for one another, and only then claim. A beat that knows
  nothing lets the others speak first, and starts from now where nobody does. One that stood
  by remembers which revision was in force, and lets that one's beats come back. If only
  progress is behind (a replica took over), slots younger than 60 s are sent again with the
  same id, older ones are decided again as they were.
- *The wall clock of a host steps, or is wrong.* Nothing: now is the store's time, carried on
  a monotonic clock. *The store's clock leaps forward* by more than 5 s: followed only if the
  host's clock agrees, or if it undoes a step back; a beat that starts meanwhile believes the
  beats that refuse it. *It steps back*: followed, and all is planned anew; decided slots stay
  decided, and what bears a stamp of the future (a reservation, an announcement) is void.
- *Two releases run at once.* One revision is in force, named in a key that each claim is
  checked against: the latest to appear that has proved itself for 5 s. Beats of the others
  stand by.
- *Two projects share a prefix.* Their schedules share no entry: the later one says so and
  does not send.
- *Stop.* A close inside a pass (a signal handler interrupted it) only sets a flag; the one
  after it takes the announcement down and gives back what was claimed and not published,
  within 2 s. Reservations end by themselves, in 0.75 s.
"""
