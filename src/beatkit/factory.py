"""make_app and install: a Celery app with checked settings and the registry's entries."""

from __future__ import annotations

from typing import Any

from beatkit.declare import DEFAULT, Registry
from beatkit.registry.binding import Binding, binding_of


def make_app(
    name: str, settings: Any = None, /, *, registry: Registry | None = None, **overrides: Any
) -> Any:
    """Build a Celery app."""
    from celery import Celery

    app = Celery(name)
    app.conf.update(_celery_settings(settings, overrides))
    return install(app, registry=registry)


def install(app: Any, *, registry: Registry | None = None) -> Any:
    """Give an existing app the guarantees."""
    if binding_of(app) is None:
        Binding(app, (registry or DEFAULT).declarations).attach()
    return app


def _celery_settings(settings: Any, overrides: dict[str, Any]) -> dict[str, Any]:
    try:
        from beatkit.settings import assemble
    except ImportError:
        return {**(settings or {}), **overrides}
    import os

    return assemble(settings, overrides, os.environ).to_celery()
