"""Why a server cannot be used: one sentence and one remedy for the errors of all clients.

Each layer wraps the errors of the one below and repeats, shortens or drops their words. So
the whole chain is laid out, a line "Type: words" for each link, and the first rule that
finds its mark in it decides. What says most stands first: a refusal of the server before a
closed connection, a closed connection before silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from beatkit.settings.redaction import redact


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a server cannot be used.

    Attributes:
        said: The rest of a sentence that starts with the server's name.
        hint: What to do about it.
    """

    said: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Rule:
    """A mark to look for, and what it means; `{0}` is the mark's first group.

    Attributes:
        mark: A regular expression, found in one line of the chain.
        tls: The rule is for connections with TLS only, or for those without only.
    """

    mark: str
    said: str
    hint: str
    tls: bool | None = None


_REFUSALS = (
    _Rule(
        r"no permissions to run the '(.+?)' command",
        "refuses the command {0!r} to this user",
        "give the user the right: ACL SETUSER USER +{0}",
    ),
    _Rule(
        r"[Nn]o permissions to access (?:a|one of the) (\w+)",
        "refuses a {0} to this user",
        "give the user the right (ACL SETUSER USER ~KEYS &CHANNELS); where it may use some keys "
        "only, write their start as global_keyprefix into the transport options",
    ),
    _Rule(
        r"(?:NOPERM|NoPermissionError: )(.*)",
        "refuses something to this user: {0}",
        "give the user the right: ACL SETUSER",
    ),
    _Rule(
        r"NOAUTH|Authentication required|HELLO must be called with",
        "wants a password, and was given none",
        "write it into the URL: redis://:PASSWORD@HOST, or redis://USER:PASSWORD@HOST",
    ),
    _Rule(
        r"WRONGPASS|invalid username-password|invalid password|AuthenticationError: ",
        "refuses this user or password",
        "usual reasons: it is another one; special characters are not percent-encoded (@ is %40, "
        "/ is %2F); the colon before a password without a user is missing: redis://:PASSWORD@HOST",
    ),
    _Rule(
        r"ACCESS_REFUSED - Login",
        "refuses this user or password",
        "usual reasons: it is another one; special characters are not percent-encoded (@ is %40, "
        "/ is %2F); the user guest may log in from the server's own machine only",
    ),
    _Rule(
        r"ACCESS_REFUSED - (.*)",
        "refuses something to this user: {0}",
        "give the user the right: rabbitmqctl set_permissions -p VHOST USER '.*' '.*' '.*'",
    ),
    _Rule(
        r"NOT_ALLOWED - (?:vhost (.+?) not found)",
        "has no virtual host {0!r}",
        "the path of the URL is the virtual host: // at the end is the one named /, and /shop "
        "the one named shop, to be made by rabbitmqctl add_vhost",
    ),
    _Rule(
        r"NOT_ALLOWED - (.*)",
        "refuses this user: {0}",
        "give the user the right: rabbitmqctl set_permissions -p VHOST USER '.*' '.*' '.*'",
    ),
    _Rule(
        r"DB index is out of range|invalid DB index",
        "has no database of this number",
        "write a lower one; a server has 0 to 15 unless its setting `databases` says otherwise",
    ),
    _Rule(
        r"READONLY|ReadOnlyError",
        "is a replica, which takes no writes",
        "write the address of the primary, or sentinel:// to have it found",
    ),
    _Rule(
        r"(?:ResponseError|OutOfMemoryError): .*(?:OOM|used memory)|OutOfMemoryError",
        "has no memory left for a write",
        "raise its maxmemory or remove data; see INFO memory",
    ),
    _Rule(
        r"MISCONF",
        "takes no writes because it cannot save to its disk",
        "look into the server's log: disk full, or no right to write there",
    ),
    _Rule(
        r"MOVED \d+|CLUSTERDOWN|CROSSSLOT",
        "is a Redis Cluster, which Celery cannot use",
        "write the address of a server without cluster mode",
    ),
    _Rule(
        r"BusyLoadingError|LOADING",
        "is starting: it still reads its data",
        "try again in a moment",
    ),
    _Rule(
        r"unknown command [`']?(\w+)",
        "does not know the command {0}, so it is no Redis: probably a Sentinel",
        "for a Sentinel write sentinel://HOST:26379 and the transport option master_name; else "
        "the port of the Redis server itself, mostly 6379",
    ),
    _Rule(
        r"MasterNotFoundError: .*(?:ConnectionError|TimeoutError)",
        "leads to no primary, and there are Sentinels that do not answer",
        "check the hosts and ports of the Sentinels, mostly 26379, and that they run",
    ),
    _Rule(
        r"MasterNotFoundError",
        "knows no primary of the name it is asked for",
        "check master_name in broker_transport_options (result_backend_transport_options for "
        "results); SENTINEL MASTERS lists the names that a Sentinel knows",
    ),
    _Rule(
        r"'?master_name'? .*must be",
        "is a Sentinel, and nothing says which group to ask it for",
        "write broker_transport_options = {{'master_name': 'mymaster'}}",
    ),
    _Rule(
        r"max number of clients",
        "has as many clients as it takes",
        "raise its maxclients, or find who keeps connections open: CLIENT LIST",
    ),
)

_PATHS = (
    _Rule(
        r"CERTIFICATE_VERIFY_FAILED\] certificate verify failed: (.+?)(?: \(_ssl|$)",
        "shows a certificate that is not trusted: {0}",
        "name the authority that signed it: ssl_ca_certs=/path/ca.pem in the URL or in "
        "broker_use_ssl (redis_backend_use_ssl for results)",
    ),
    _Rule(
        r"WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|wrong version number",
        "does not speak TLS on this port",
        "write the scheme without TLS (redis://, amqp://), or the server's TLS port",
    ),
    _Rule(
        r"(?:SSLError|SSLEOFError): (.*)",
        "fails to agree on TLS: {0}",
        "check the port, and the certificates named by the ssl_ parameters",
    ),
    _Rule(
        r"FileNotFoundError: .*No such file or directory(?:: (.+))?|Error 2 .*No such file",
        "cannot be reached: a file is missing",
        "check the path of the socket, or of the certificates in the ssl_ parameters",
    ),
    _Rule(
        r"gaierror|Name or service not known|nodename nor servname|name resolution",
        "has a host name that cannot be resolved",
        "check its spelling; a container knows other containers by name only on its own networks",
    ),
    _Rule(
        r"ConnectionRefusedError|[Cc]onnection refused|Error 111 |Error 61 ",
        "refuses the connection: nothing listens there",
        "start the server, or correct host and port; inside a container localhost is the "
        "container itself",
    ),
    _Rule(
        r"No route to host|Network is unreachable",
        "cannot be reached: the network knows no way there",
        "check the host, and the routes and firewalls between",
    ),
)

_LOSSES = (
    _Rule(
        r"ConnectionResetError|BrokenPipeError|[Cc]onnection reset|[Cc]onnection closed"
        r"|closed connection|Broken pipe",
        "ends the connection at once",
        "if the port wants TLS, write rediss:// or amqps://; else it is no port of such a server",
        tls=False,
    ),
    _Rule(
        r"ConnectionResetError|BrokenPipeError|[Cc]onnection reset|[Cc]onnection closed"
        r"|closed connection|Broken pipe",
        "ends the connection at once",
        "check that this is its TLS port, and whether it asks for a client certificate",
        tls=True,
    ),
    _Rule(
        r"TimeoutError|timed out",
        "does not answer in time",
        "check host and port, and firewalls between; a port without TLS is silent too when "
        "spoken to with it: then write redis:// or amqp://",
        tls=True,
    ),
    _Rule(
        r"TimeoutError|timed out",
        "does not answer in time",
        "check host and port, and firewalls between; a server is silent too when it is stopped, "
        "of another kind, or blocked (RabbitMQ short of memory or disk)",
        tls=False,
    ),
    _Rule(
        r"(?:ModuleNotFoundError|ImportError|ImproperlyConfigured): (.*)",
        "cannot be used: {0}",
        "install the package that this kind of server needs",
    ),
)


def cause(error: BaseException, *, tls: bool = False) -> Cause:
    """Say why a server cannot be used.

    Args:
        error: As a client raised it; what it was raised from is read too.
        tls: TLS was asked for: a silent or closing port then means something else.
    """
    lines = [_line(link) for link in _chain(error)]
    for rule in (*_REFUSALS, *_PATHS, *_LOSSES):
        found = re.search(rule.mark, "\n".join(lines)) if rule.tls in (None, tls) else None
        if found:
            words = [redact(group.strip()) for group in found.groups("")]
            return Cause(rule.said.format(*words), rule.hint.format(*words))
    said = redact(lines[-1].removesuffix(": "))
    return Cause(f"cannot be used: {said}", "see the documentation of its client for this error")


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
