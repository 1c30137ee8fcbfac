"""make_app and install: a Celery app with checked settings and the registry's entries."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Unpack

from celery import Celery

from beatkit.declare import DEFAULT, Registry
from beatkit.errors import DeclarationError
from beatkit.registry.assign import assign, is_set
from beatkit.registry.binding import Binding, binding_of
from beatkit.registry.start import check_at_start
from beatkit.registry.way_back import say_what_is_given_up
from beatkit.settings import assemble
from beatkit.worker.slot import fill_in_slots

if TYPE_CHECKING:
    from beatkit.settings import SettingsDict

SCHEDULER = "beatkit.beat.scheduler:Scheduler"
"""Where `celery beat` finds beatkit's scheduler. By name, so that a worker never loads it."""


def make_app(
    name: str,
    settings: Any = None,
    /,
    *,
    registry: Registry | None = None,
    **overrides: Unpack[SettingsDict],
) -> Celery:
    """Build a Celery app from checked settings, with the registry's entries.

    The app is an ordinary `celery.Celery`: it is started with Celery's own commands, and may
    be configured further. Precedence: overrides, settings, `CELERY_*` environment, defaults.

    Args:
        name: The app's name; the keys of its store and the tasks of a program's main module
            carry it. Use the name of the module, as in `celery -A shop`.
        settings: Anything that `beatkit.settings.load` accepts: a mapping, a module or its
            dotted name, a class, a Flask config, Django settings, the path of a TOML, YAML
            or JSON file, `Settings`. None: the environment and the defaults.
        registry: Whose declarations the app has; None for those of `beatkit.periodic`.
        **overrides: Single settings, by their new lower-case names.

    Returns:
        The app. Nothing has been connected to.

    Raises:
        SettingsError: A setting cannot work. Lists every problem of every source, and the
            app does not exist.
        DeclarationError: The name is not one.
    """
    _check_name(name)
    checked = assemble(settings, overrides, os.environ)
    app = Celery(name)
    app.conf.update(_without_sharing(checked.to_celery()))
    app.beatkit_settings = checked  # for settings.explain(app)
    return install(app, registry=registry)


def install(app: Celery, *, registry: Registry | None = None) -> Celery:
    """Give a Celery app that already exists the registry's entries, and the checks at start.

    Call it right after the app is made; a second call changes nothing. The app's scheduler
    becomes beatkit's unless its settings name another.

    Args:
        app: Any Celery app, configured or not.
        registry: Whose declarations the app has; None for those of `beatkit.periodic`.

    Returns:
        The same app.

    Raises:
        DeclarationError: The app already has the declarations of another registry, or one of
            the two is something else.
    """
    _check_kind("app", app, Celery, "a Celery app")
    if registry is not None:
        _check_kind("registry", registry, Registry, "a Registry")
    declarations = (registry or DEFAULT).declarations
    binding = binding_of(app)
    if binding is None:
        app.on_after_configure.connect(_fill_in, weak=False)
        if app.configured:
            _fill_in(app)
        Binding(app, declarations).attach()
        check_at_start(app, then=_prepare_to_run)
        say_what_is_given_up()
    elif binding.declarations is not declarations:
        raise DeclarationError(
            f"App {app.main!r} already has the declarations of another registry\n"
            "  write install(app, registry=...) once, before anything else uses the app"
        )
    return app


def _check_name(name: object) -> None:
    if isinstance(name, str) and name.strip() and name != "__main__":
        return
    raise DeclarationError(
        f"App name is {name!r}, expected a name that is the same in every process\n"
        '  write make_app("shop") in shop.py, where celery -A shop finds it'
    )


def _check_kind(name: str, value: object, kind: type, expected: str) -> None:
    if not isinstance(value, kind):
        remedy = f"write {kind.__name__}()" if value is kind else f"give {expected}"
        raise DeclarationError(f"{name} is {value!r}, expected {expected}\n  {remedy}")


def _without_sharing(values: dict[str, Any]) -> dict[str, Any]:
    if "beat_schedule" in values:
        # add_periodic_task writes into it, and it may be the caller's own.
        return {**values, "beat_schedule": dict(values["beat_schedule"])}
    return values


def _prepare_to_run(app: Celery) -> None:
    """Ready the tasks of a process that runs them, before Celery builds their tracers."""
    from beatkit.worker.guard import guard  # a program that only sends need not load it

    fill_in_slots(app)
    guard(app)


def _fill_in(sender: Celery, **_: object) -> None:
    """Set what a beat needs and the user has not decided. Runs at each configuration."""
    conf = sender.conf
    if not is_set(conf, "beat_scheduler"):
        assign(conf, "beat_scheduler", SCHEDULER)
    options = conf.broker_transport_options or {}
    if _speaks_amqp(conf.broker_write_url) and "confirm_publish" not in options:
        # Without it a message that RabbitMQ never got counts as sent.
        assign(conf, "broker_transport_options", {**options, "confirm_publish": True})


def _speaks_amqp(broker_url: Any) -> bool:
    first = broker_url if isinstance(broker_url, str) else next(iter(broker_url or ()), "")
    # Without any URL Celery takes RabbitMQ on this host.
    return not first or first.partition("://")[0] in ("amqp", "amqps", "pyamqp")
