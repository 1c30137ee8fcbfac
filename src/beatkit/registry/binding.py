"""Which entries does this app have from its registry?

A Binding lives on the app. It puts what the registry declares into `conf.beat_schedule`,
on a copy, and does so again whenever something may have taken it out: when the
configuration is loaded, when the app is finalized, when a worker or beat has imported the
task modules, and when a module declares later still. What it put there before is
recognised and renewed, so doing it twice changes nothing.

Celery logs and swallows what its signal receivers raise, and goes on with an app whose
finalize failed. So nothing is raised here: problems are kept, and `effective_entries`,
which everything that starts goes through, raises them.
"""

from __future__ import annotations

from typing import Any

from beatkit.entry import Entry
from beatkit.registry.declaration import Declaration, Declarations
from beatkit.registry.resolve import Unresolved, resolve
from beatkit.registry.zone import zone_name

ATTRIBUTE = "_beatkit_binding"


class Binding:
    """The entries that one app has from one registry, and their place in its conf.

    Attributes:
        table: Entries by name, those that are not enabled too.
        problems: What is wrong, as whole messages; empty if all is well.
    """

    def __init__(self, app: Any, declarations: Declarations) -> None:
        self.app = app
        self.declarations = declarations
        self.table: dict[str, Entry] = {}
        self.problems: list[str] = []
        self._written: dict[str, dict[str, Any]] = {}
        self._resolved: dict[Declaration, tuple[object, Entry | Unresolved | None]] = {}

    def attach(self) -> None:
        """Bind at every moment that Celery offers, from now on."""
        setattr(self.app, ATTRIBUTE, self)
        self.declarations.tell(self)
        self.app.on_after_configure.connect(self._on_signal, weak=False)
        self.app.on_after_finalize.connect(self._on_signal, weak=False)
        self.refresh()

    def _on_signal(self, **_: object) -> None:
        self.refresh()

    def added(self, declaration: Declaration) -> None:
        """A module declared after this app had read the list."""
        self.refresh()

    def replaced(self) -> None:
        """A module was executed again."""
        self.refresh()

    def refresh(self) -> None:
        """Bind what is declared, and put it into `conf.beat_schedule`.

        Does nothing before the app has read its configuration: to look would be to read
        it, and the program may still be about to set it.
        """
        if not self.app.configured:
            return
        self.table, self.problems = {}, []
        for declaration in self.declarations:
            self._bind(declaration)
        self._write()

    def dropped(self) -> list[str]:
        """Names of entries that an assignment has taken out of `conf.beat_schedule`."""
        there = self.app.conf.beat_schedule or {}
        return [name for name in self._written if name not in there]

    def _bind(self, declaration: Declaration) -> None:
        result = self._resolve(declaration)
        if isinstance(result, Unresolved):
            self.problems.append(result.problem)
        elif result is not None:
            self._keep(result)

    def _resolve(self, declaration: Declaration) -> Entry | Unresolved | None:
        conf = self.app.conf
        context = (self.app.finalized, zone_name(conf), conf.task_serializer, self.app.main)
        known, result = self._resolved.get(declaration, (None, None))
        if known != context:
            result = resolve(declaration, self.app)
            self._resolved[declaration] = (context, result)
        return result

    def _keep(self, entry: Entry) -> None:
        first = self.table.setdefault(entry.name, entry)
        if first is not entry:
            self.problems.append(_declared_twice(first, entry))

    def _write(self) -> None:
        there = dict(self.app.conf.beat_schedule or {})
        ours = {name: as_celery(entry) for name, entry in self.table.items() if entry.enabled}
        for name, written in self._written.items():
            if there.get(name) == written:
                del there[name]
        self.problems += [_in_settings_too(self.table[name]) for name in ours if name in there]
        self._written = ours
        self.app.conf.beat_schedule = {**there, **ours}


def binding_of(app: Any) -> Binding | None:
    """Return the app's binding; None for an app that beatkit was not installed on."""
    found = app.__dict__.get(ATTRIBUTE)
    return found if isinstance(found, Binding) else None


def as_celery(entry: Entry) -> dict[str, Any]:
    """Return the entry as `beat_schedule` holds it: with Celery's own keys and no others."""
    options = dict(entry.options)
    if entry.policy is not None and entry.policy.deadline is not None:
        options["expires"] = entry.policy.deadline
    return {
        "task": entry.task,
        "schedule": entry.schedule,
        "args": entry.args,
        "kwargs": dict(entry.kwargs),
        "options": options,
    }


def _declared_twice(first: Entry, second: Entry) -> str:
    return (
        f"Entry {second.name!r} is declared twice\n"
        f"  declared in {second.source}, and in {first.source}\n"
        f"  write another name= in one of them"
    )


def _in_settings_too(entry: Entry) -> str:
    return (
        f"Entry {entry.name!r} is declared by a decorator and stands in beat_schedule too\n"
        f"  declared in {entry.source}\n"
        f"  write another name= in the decorator, or take it out of beat_schedule"
    )
