"""The live view: what runs next, what ran, and what tasks print, on one screen of a terminal.

How it is put together, and why:

- *One thread draws* (`view`) and owns the terminal. All else reaches it as messages in a
  queue: events, keys, answers of actions. So nothing here needs a lock, and a signal handler
  may send a message too.
- *What is shown* is a value (`scene`), changed by pure functions, and *how it looks* is a
  function of that value, the time and the terminal's size (`picture`). Rich writes it:
  colours, cells of wide characters, the terminal's second screen.
- *What tasks print* is caught below Python, at the descriptors 1 and 2, as most of it is
  printed by the pool's processes (`capture`). While there is no live view it is passed on.
- *Acting* (trigger, pause, resume) takes round trips, so it has a thread of its own
  (`controls`).
- *The terminal comes back as it was* (`terminal`), however we end: at Ctrl-Z, at a crash, and
  by a small process that watches us (`guardian`) even after kill -9.
"""
