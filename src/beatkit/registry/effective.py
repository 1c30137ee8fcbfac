"""What shall the scheduler run: the entries of every origin, joined by name."""

from __future__ import annotations

from typing import Any

from beatkit.entry import Entry
from beatkit.errors import DeclarationError
from beatkit.registry.binding import binding_of


def effective_entries(app: Any) -> dict[str, Entry]:
    """Return everything that the scheduler shall run."""
    if not app.loader.worker_initialized:
        app.loader.import_default_modules()
    app.finalize()
    binding = binding_of(app)
    if binding is None:
        return {}
    binding.refresh()
    if binding.problems:
        raise DeclarationError("\n\n".join(binding.problems))
    return dict(binding.table)
