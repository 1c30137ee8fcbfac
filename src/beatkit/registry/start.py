"""Does what starts refuse to, where settings or schedule cannot work?

Every worker and every beat, whatever its scheduler, calls `init_worker` of the app's
loader, which imports the task modules. The check hangs there: the first moment at which
all is known, and one at which an exception still ends the process.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any

from beatkit.entry import Entry
from beatkit.errors import BeatkitError, DeclarationError
from beatkit.registry.binding import binding_of
from beatkit.registry.effective import check_start
from beatkit.registry.late_settings import check_late_settings
from beatkit.settings import SettingsError

logger = logging.getLogger("beatkit")


def check_at_start(app: Any, then: Callable[[Any], None]) -> None:
    """Have workers and beats of this app check the schedule before they do anything.

    Args:
        app: Any Celery app.
        then: Called with the app when the check has passed.
    """
    loader = app.loader
    import_task_modules = loader.init_worker

    def init_worker() -> None:
        import_task_modules()
        app.finalize()
        _report_dropped(app)
        try:
            check_late_settings(app)
            entries = check_start(app)
        except (SettingsError, DeclarationError) as error:
            raise _for_the_command_line(error) from error
        _report_not_in_force(entries)
        then(app)

    loader.init_worker = init_worker


def _report_dropped(app: Any) -> None:
    binding = binding_of(app)
    dropped = binding.dropped() if binding else []
    if dropped:
        logger.warning(
            "conf.beat_schedule was assigned after the decorators had filled it, which dropped"
            " %s; put back. Write conf.beat_schedule.update(...), or assign it before.",
            ", ".join(map(repr, dropped)),
        )


def _report_not_in_force(entries: Mapping[str, Entry]) -> None:
    policies = ((name, entry.policy) for name, entry in entries.items())
    named = [name for name, policy in policies if policy and policy.overlap != "allow"]
    if named:
        logger.warning(
            "overlap is not in force yet in this version: runs of %s may overlap all the same.",
            ", ".join(map(repr, named)),
        )


def _for_the_command_line(error: BeatkitError) -> Exception:
    """Return what `celery` prints as one message, without a traceback, with exit code 1.

    Called from a program, the error stays what it is.
    """
    click = sys.modules.get("click")
    context = click.get_current_context(silent=True) if click else None
    return error if context is None else click.ClickException(str(error))  # type: ignore[union-attr]
