"""One object for texts that are equal.

Many entries have equal schedules, and so equal fingerprints: 100,000 are read at once. Not
`sys.intern`, whose table would grow with those that are not equal, by up to 200 bytes each,
and stay so.
"""

from __future__ import annotations

from functools import lru_cache

shared = lru_cache(maxsize=1_024)(str)
"""Return a text itself, or the equal one that was seen lately."""
