"""Settings that have been checked: their values, and where each of them came from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, Unpack

from pydantic import BaseModel, ConfigDict, PrivateAttr, SerializationInfo, model_serializer

from beatkit.settings.judging import Judged, judge
from beatkit.settings.naming import Given, name_all
from beatkit.settings.problems import Problem, SettingsError
from beatkit.settings.redaction import brief, redact
from beatkit.settings.sources import Source, caller

if TYPE_CHECKING:
    from beatkit.settings.model import SettingsDict


class Settled(BaseModel):
    """What `Settings` is beside its fields, which are generated: where each came from."""

    # One class has the fields: pydantic collects them for each, and it takes a while.
    model_config = ConfigDict(
        extra="forbid",
        defer_build=True,
        frozen=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
        protected_namespaces=(),
    )

    _extras: Mapping[str, Any] = PrivateAttr(default_factory=dict)
    _given: Mapping[str, Given] = PrivateAttr(default_factory=dict)
    _overridden: Mapping[str, Sequence[Given]] = PrivateAttr(default_factory=dict)
    _notices: Sequence[Problem] = PrivateAttr(default=())

    def __init__(self, **values: Unpack[SettingsDict]) -> None:
        named = name_all(Source(f"Settings(...){caller()}", values, keywords=True))
        judged = judge([named.given])
        raise_problems([*named.problems, *judged.problems])
        # The values have been converted; once more would undo what hides their secrets.
        super().__init__()
        self.__dict__.update(judged.values)
        self.model_fields_set.update(judged.values)
        self._remember(judged, [*named.problems, *judged.problems])

    @classmethod
    def of(cls, judged: Judged, problems: Iterable[Problem]) -> Self:
        """Return judged values as settings.

        Raises:
            SettingsError: One of the problems, or of the values', raises.
        """
        every = list(dict.fromkeys([*problems, *judged.problems]))
        raise_problems(every)
        settings = cls.model_construct(_fields_set=set(judged.values), **judged.values)
        settings._remember(judged, every)
        return settings

    @classmethod
    def model_validate(cls, obj: Any, **how: Any) -> Self:
        """Return a mapping as settings; as the constructor does, with its errors."""
        # pydantic's own would wrap the error in one that quotes its whole input.
        return obj if isinstance(obj, cls) else cls(**obj)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **how: Any) -> Self:
        """Return a JSON object as settings; as the constructor does, with its errors."""
        return cls.model_validate(json.loads(json_data))

    @property
    def notices(self) -> list[Problem]:
        """What is worth knowing, though nothing is wrong: warning, deprecated, insecure."""
        return list(self._notices)

    @property
    def beatkit(self) -> dict[str, Any]:
        """The beatkit_* settings that were set, by their full names."""
        return {name: getattr(self, name) for name in self._set() if name.startswith("beatkit_")}

    def to_celery(self) -> dict[str, Any]:
        """Return what `app.conf.update` should get.

        Only what was set is in it, under Celery's names of today, so Celery's own defaults
        stay in force. Keys of extensions are passed on as they were given.
        """
        return {name: getattr(self, name) for name in self._set()} | dict(self._extras)

    def given(self) -> list[Given]:
        """Return each setting with its fitted value, its key and where it came from."""
        values = self.to_celery()
        return [
            Given(name, self._given[name].key, value, self._given[name].where, name in self._extras)
            for name, value in values.items()
        ]

    def overridden(self, name: str) -> list[Given]:
        """Return what gave a setting in vain, the nearest first."""
        return list(self._overridden.get(name, ()))

    def _set(self) -> list[str]:
        return [name for name in type(self).model_fields if name in self.model_fields_set]

    def _remember(self, judged: Judged, problems: Iterable[Problem]) -> None:
        self._extras = judged.extras
        self._given = judged.given
        self._overridden = judged.overridden
        self._notices = tuple(problem for problem in problems if not problem.raises)

    def __eq__(self, other: object) -> bool:
        """Settings are equal if they give Celery the same, wherever they came from."""
        return isinstance(other, Settled) and self.to_celery() == other.to_celery()

    def __repr__(self) -> str:
        shown = (f"{name}={brief(name, value)}" for name, value in self.to_celery().items())
        return f"Settings({', '.join(shown)})"

    __str__ = __repr__

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return [(name, redact(value, name)) for name, value in self.to_celery().items()]

    @model_serializer(mode="plain")
    def _dumped(self, info: SerializationInfo) -> dict[str, Any]:
        """What was set; as JSON, which leaves the process, without secrets."""
        values = self.to_celery()
        if info.mode == "python":
            return values
        return {name: redact(value, name) for name, value in values.items()}


def raise_problems(problems: Iterable[Problem]) -> None:
    """Raise one SettingsError if any of the problems is more than a notice."""
    every = list(problems)
    if any(problem.raises for problem in every):
        raise SettingsError(
            [problem for problem in every if problem.raises],
            [problem for problem in every if not problem.raises],
        )
