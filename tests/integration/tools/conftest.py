"""The desks of the tests of sending serve here as well."""

from tests.integration.sending.conftest import counter_at, desk

__all__ = ["counter_at", "desk"]
