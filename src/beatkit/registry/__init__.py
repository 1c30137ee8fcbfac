"""What is declared, and which entries does an app have?

`Declarations` collects what decorators say. A `Binding` joins it to one app.
`effective_entries` adds what stands in `beat_schedule` and is what everything above reads.
"""

from __future__ import annotations

from beatkit.registry.declaration import Declaration, Declarations
from beatkit.registry.effective import check_start, effective_entries

__all__ = ["Declaration", "Declarations", "check_start", "effective_entries"]
