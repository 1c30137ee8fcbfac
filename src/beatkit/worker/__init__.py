"""May this run start, and how did it end?

**What is authoritative.** The store, and its clock: which messages have been started, which
of them live, and which slots a start has covered (`beatkit.store.runs`). And the message: its
headers name the slot and carry the entry's policy, so a worker need not know the schedule. A
message without a policy is none of the guard's business and costs no round trip.

**What a worker may decide alone**: nothing but to run a task when the store cannot be asked.
A slot billed late is better than one not billed; the docs say what may then run twice.

**Where it stands.** `guard` puts itself before `before_start` on each task's own class, the
last place before the body from which Celery can be told to leave it (raising Ignore); a
receiver of `task_prerun` cannot. How a run ended is heard from `task_postrun`. One round trip
before the body, one after.

**What happens in each failure**

- *The worker dies in the body.* A thread of the same process had said every 10 s that the
  run lives (`alive`). Nobody does now, and 30 s later its mark is void.
- *The store is away.* Runs start unasked, with one warning an outage in each process. Their
  ids are remembered and recorded as soon as the store answers, before anything is asked.
- *The broker delivers again what still runs* (its worker is thought dead, and is not). The
  message is put back for the rest of the mark's life, and judged again (`again`).
- *It waits for another run* (`overlap="buffer_one"`) *and that run's worker dies.* The store
  keeps the message; a beat that finds the mark void has it sent.
- *A host's clock is wrong.* Deadlines are judged by the store's time: `deadline` keeps
  Celery from dropping such a message by the host's. Only while the store is away does the
  host's clock decide.

Here also: how an `async def` task runs (`coroutine`), how a task comes by its Slot (`slot`).
"""
