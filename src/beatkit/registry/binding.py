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
from beatkit.registry.assign import assign
from beatkit.registry.declaration import Declaration, Declarations
from beatkit.registry.problem import shown
from beatkit.registry.resolve import Ground, Unresolved, ground_of, resolve

_ATTRIBUTE = "_beatkit_binding"
_DECLARED = ("task", "schedule", "args", "kwargs")


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
        self._written: dict[str, tuple[Entry, dict[str, Any]]] = {}
        self._placed: dict[str, Any] | None = None
        # `app.finalized` is true from the start of finalize, when tasks are still missing.
        self._complete: bool = app.finalized
        self._ground: Ground | None = None
        self._resolved: dict[Declaration, Entry | Unresolved | None] = {}

    def attach(self) -> None:
        """Bind at every moment that Celery offers, from now on."""
        setattr(self.app, _ATTRIBUTE, self)
        self.declarations.tell(self)
        self.app.on_after_configure.connect(self._configured, weak=False)
        self.app.on_after_finalize.connect(self._finalized, weak=False)
        self.refresh()

    def _configured(self, **_: object) -> None:
        self.refresh()

    def _finalized(self, **_: object) -> None:
        self._complete = True
        self.refresh()

    def added(self, declaration: Declaration) -> None:
        """Bind what a module declares after this app has read the list."""
        if not self.app.configured:
            return
        if self._ground is None:
            self.refresh()
            return
        entry = self._bind(declaration, self._ground)
        if entry is not None and self.app.conf.beat_schedule is self._placed:
            self._place(entry)
        else:
            self._write()

    def replaced(self) -> None:
        """Bind anew: a module was executed again."""
        self._ground = None
        self.refresh()

    def refresh(self) -> None:
        """Bind what is declared, and put it into `conf.beat_schedule`.

        Does nothing before the app has read its configuration: to look would be to read
        it, and the program may still be about to set it.
        """
        if not self.app.configured:
            return
        ground = ground_of(self.app, complete=self._complete)
        if ground != self._ground:
            self._ground, self._resolved = ground, {}
        self.table, self.problems = {}, []
        for declaration in self.declarations:
            self._bind(declaration, ground)
        self._write()

    def dropped(self) -> list[str]:
        """Return the entries that an assignment has taken out of `conf.beat_schedule`."""
        there = self.app.conf.beat_schedule or {}
        return [name for name in self._written if name not in there]

    def _bind(self, declaration: Declaration, ground: Ground) -> Entry | None:
        if declaration not in self._resolved:
            self._resolved[declaration] = resolve(declaration, self.app, ground)
        result = self._resolved[declaration]
        if isinstance(result, Unresolved):
            self.problems += result.messages
            return None
        if result is None:
            return None
        first = self.table.setdefault(result.name, result)
        if first is not result:
            self.problems.append(_declared_twice(first, result))
            return None
        return result

    def _write(self) -> None:
        there = dict(self.app.conf.beat_schedule or {})
        changed = self._take_out(there)
        self._written, self._placed = changed, there
        for entry in self.table.values():
            if entry.name not in changed:
                self._place(entry)
        assign(self.app.conf, "beat_schedule", there)

    def _take_out(self, there: dict[str, Any]) -> dict[str, tuple[Entry, dict[str, Any]]]:
        """Remove our rows; return those that were changed, which stay and are problems."""
        changed = {}
        for name, (entry, row) in self._written.items():
            messages = _changes_to(entry, row) if there.get(name) is row else []
            if messages:
                self.problems += messages
                changed[name] = entry, row
            elif there.get(name) == row:
                del there[name]
        return changed

    def _place(self, entry: Entry) -> None:
        assert self._placed is not None
        if entry.name in self._placed:
            self.problems.append(_in_settings_too(entry))
        elif entry.enabled:
            row = self._placed[entry.name] = as_celery(entry)
            self._written[entry.name] = entry, row


def binding_of(app: Any) -> Binding | None:
    """Return the app's binding; None for an app that beatkit was not installed on."""
    found = app.__dict__.get(_ATTRIBUTE)
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
        f"  declared in {first.source}, and in {second.source}\n"
        f"  write another name= in one of them"
    )


def _changes_to(entry: Entry, row: dict[str, Any]) -> list[str]:
    """Return a message if the row was changed. Options may be: those who watch sends do."""
    changed = [key for key in _DECLARED if _differ(row.get(key), getattr(entry, key))]
    return [
        f"Entry {entry.name!r} is declared by a decorator, and its {key} was changed"
        f" in beat_schedule to {shown(row.get(key))}\n"
        f"  declared in {entry.source}\n"
        f"  write it in the decorator"
        for key in changed
    ]


def _differ(there: object, declared: object) -> bool:
    return there is not declared and there != declared


def _in_settings_too(entry: Entry) -> str:
    return (
        f"Entry {entry.name!r} is declared by a decorator and stands in beat_schedule too\n"
        f"  declared in {entry.source}\n"
        f"  write another name= in the decorator, or take it out of beat_schedule"
    )
