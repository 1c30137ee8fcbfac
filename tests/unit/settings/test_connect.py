"""What is said of a server that cannot be used, from the errors of all clients."""

from __future__ import annotations

import subprocess
import sys

import pytest
from celery import Celery

from beatkit.errors import BeatkitError
from beatkit.settings import Reach, Unreachable, check_backend, check_broker
from beatkit.settings.causes import Cause, cause


def failed(said: str = "refuses the connection", hint: str = "start it") -> Reach:
    url = "redis://:***@cache/0"
    return Reach("broker", url, "broker_url", False, "connect", 0.1, said=said, hint=hint)


def test_a_reach_says_what_where_from_and_what_to_do() -> None:
    assert str(failed()) == (
        "Broker 'redis://:***@cache/0' refuses the connection\n  from broker_url\n  start it"
    )


def test_raise_for_status_raises_the_same_words() -> None:
    with pytest.raises(Unreachable) as caught:
        failed().raise_for_status()
    assert str(caught.value) == str(failed())
    assert isinstance(caught.value, BeatkitError)
    assert isinstance(caught.value, ConnectionError)


def test_raise_for_status_returns_where_all_is_well() -> None:
    check_broker(app(broker_url="memory://"), write=True).raise_for_status()


@pytest.mark.parametrize(
    ("stage", "sentence"),
    [
        ("connect", "Broker 'redis://cache/0' (valkey 9.1.2) answers"),
        ("read", "Broker 'redis://cache/0' (valkey 9.1.2) answers and can be read"),
        ("write", "Broker 'redis://cache/0' (valkey 9.1.2) answers and can be written to"),
    ],
)
def test_a_good_reach_says_how_far_it_looked(stage: str, sentence: str) -> None:
    reach = Reach("broker", "redis://cache/0", "broker_url", True, stage, 0.1, "valkey 9.1.2")  # type: ignore[arg-type]
    assert str(reach) == sentence


def app(**settings: object) -> Celery:
    made = Celery("shop", set_as_current=False)
    made.conf.update(settings)
    return made


def test_a_url_that_cannot_work_is_told_without_a_packet() -> None:
    reach = check_broker(app(broker_url="redis://:p@ss/w@127.0.0.1/0"))
    assert (reach.stage, reach.ok, reach.elapsed) == ("settings", False, 0.0)
    assert str(reach) == (
        "broker_url is 'redis://:***@127.0.0.1/0', with / ? or # inside the password\n"
        "  write special characters of a password percent-encoded: / is %2F, @ is %40, # is %23"
    )


def test_a_backend_that_nothing_reads_is_told_without_a_packet() -> None:
    reach = check_backend(app(result_backend="postgresql://shop:hush@db/shop"))
    assert str(reach) == (
        "result_backend is 'postgresql://shop:***@db/shop', and no result backend is called "
        "'postgresql'\n"
        "  write db+postgresql:// in its place"
    )


@pytest.mark.parametrize("backend", [None, "disabled", "disabled://"])
def test_an_app_without_results_has_nothing_to_look_at(backend: str | None) -> None:
    reach = check_backend(app(result_backend=backend))
    assert (reach.ok, reach.stage, str(reach)) == (
        True,
        "off",
        "Result backend: there is none, so results are dropped",
    )


def test_memory_can_be_written_to() -> None:
    assert check_broker(app(broker_url="memory://"), write=True).stage == "write"
    assert check_backend(app(result_backend="cache+memory://"), write=True).stage == "write"


def test_a_package_that_is_missing_is_named() -> None:
    reach = check_backend(app(result_backend="couchbase://db/shop"))
    assert (reach.ok, reach.stage, reach.hint) == (
        False,
        "connect",
        "install the package that this kind of server needs",
    )


class OperationalError(Exception):
    """Stands for the errors in which kombu and SQLAlchemy wrap others."""


def wrapped(inner: Exception) -> Exception:
    outer = OperationalError("it did not work")
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionRefusedError(111, "x"), "refuses the connection: nothing listens there"),
        (OSError("Error -2 connecting to cache:6379. Name or service not known."),
         "has a host name that cannot be resolved"),
        (OSError(113, "No route to host"), "cannot be reached: the network knows no way there"),
        (OSError("MISCONF Errors writing to the AOF file"),
         "takes no writes because it cannot save to its disk"),
        (OSError("MOVED 3999 127.0.0.1:6381"), "is a Redis Cluster, which Celery cannot use"),
        (OSError("LOADING Redis is loading the dataset in memory"),
         "is starting: it still reads its data"),
        (OSError("max number of clients reached"), "has as many clients as it takes"),
        (OSError("Connection.open: (530) NOT_ALLOWED - access to vhost '/' refused for user 'a'"),
         "refuses this user: access to vhost '/' refused for user 'a'"),
        (OSError("(403) ACCESS_REFUSED - configure access to queue 'x' refused for user 'a'"),
         "refuses something to this user: configure access to queue 'x' refused for user 'a'"),
        (OSError("[SSL] tlsv13 alert certificate required"), "cannot be used: OSError: [SSL] "
         "tlsv13 alert certificate required"),
    ],
)  # fmt: skip
def test_the_cause_is_found_below_what_wraps_it(error: Exception, said: str) -> None:
    assert cause(wrapped(error)).said == said


def test_an_error_that_nobody_foresaw_is_quoted_without_its_secrets() -> None:
    error = OperationalError("cannot parse postgresql://shop:hush@db/shop")
    assert cause(error) == Cause(
        "cannot be used: OperationalError: cannot parse postgresql://shop:***@db/shop",
        "see the documentation of its client for this error",
    )


def test_a_chain_of_errors_that_bites_its_tail_ends() -> None:
    first, second = OSError("one"), OSError("two")
    first.__context__, second.__context__ = second, first
    assert cause(first).said == "cannot be used: OSError: two"


def test_the_settings_load_nothing_of_this_before_it_is_asked_for() -> None:
    code = (
        "import sys, beatkit.settings; "
        "print([name for name in sys.modules if name.startswith(('beatkit.settings.', 'kombu'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
