"""Does what starts refuse to, where settings or schedule cannot work?

Every worker and every beat, whatever its scheduler, calls `init_worker` of the app's
loader, which imports the task modules. The check hangs there: the first moment at which
all is known, and one at which an exception still ends the process.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from beatkit.errors import BeatkitError, DeclarationError
from beatkit.registry.awaited import never_awaited
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
        for module in _named_by_include():
            loader.import_task_module(module)
        app.finalize()
        _report_dropped(app)
        try:
            check_late_settings(app)
            entries = check_start(app)
        except (SettingsError, DeclarationError) as error:
            raise for_the_command_line(error) from error
        for message in never_awaited(app, entries):
            logger.warning("%s", message)
        then(app)

    loader.init_worker = init_worker


def _named_by_include() -> list[str]:
    """Return the modules of `celery worker -I`, which Celery would import only after us."""
    context = _command_line()
    return list(context.params.get("include") or ()) if context is not None else []


def _command_line() -> Any:
    """Return the click context of the running command; None inside another program."""
    from click import get_current_context

    return get_current_context(silent=True)


def _report_dropped(app: Any) -> None:
    binding = binding_of(app)
    dropped = binding.dropped() if binding else []
    if dropped:
        logger.warning(
            "conf.beat_schedule was assigned after the decorators had filled it, which dropped"
            " %s; put back. Write conf.beat_schedule.update(...), or assign it before.",
            ", ".join(map(repr, dropped)),
        )


def for_the_command_line(error: BeatkitError) -> Exception:
    """Return what `celery` prints as one message, without a traceback, with exit code 1.

    Called from a program, the error stays what it is.
    """
    from click import ClickException

    return error if _command_line() is None else ClickException(str(error))
