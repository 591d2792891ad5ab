"""What one HTTP request asks for: the statement, where its data is, and the settings that go with it."""

import re
from dataclasses import dataclass, field

from errors import BAD_ARGUMENTS, NOT_IMPLEMENTED, ClickHouseError

# Parameters that steer the HTTP interface itself; every other one is a setting, as on a server.
_OF_THE_INTERFACE = {
    "query", "query_id", "database", "default_format", "decompress", "compress",
    "user", "password", "quota_key", "role", "wait_end_of_query", "buffer_size", "stacktrace",
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\Z")
# A piece of an INSERT ahead of its data, its literals and quoted names passed over.
_PIECE = rb"""(?:(?!\b(?:VALUES|SELECT|WITH)\b)(?:'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|"(?:\\.|[^"\\])*"|[^'`"]))*?"""
# An INSERT up to its FORMAT clause: its target, and the settings it may have; what follows the clause is data.
_INSERT_WITH_FORMAT = re.compile(
    rb"(\s*INSERT\b" + _PIECE + rb")(\bSETTINGS\s+\w+\s*=" + _PIECE + rb")?(?=\bFORMAT\s)",
    re.IGNORECASE | re.DOTALL,
)
_FORMAT_CLAUSE = re.compile(rb"FORMAT\s+(\w+)[ \t]*;?(?:\r?\n)?", re.IGNORECASE)


@dataclass
class Statement:
    """`data` is None unless the statement is an insert whose rows follow, in chunks.

    An insert's text is in two halves, for the engine wants the source of the data named between them.
    """

    sql: str
    sql_after_source: str = ""
    data: object = None
    database: str | None = None
    default_format: str = "TabSeparated"
    settings: dict = field(default_factory=dict)
    params: dict = field(default_factory=dict)
    read_only: bool = False


def build(arguments, body, read_only):
    """Makes a statement of the request's arguments (URL and form fields) and its body, an iterable of chunks."""
    if arguments.get("compress", "0") not in ("", "0"):
        raise ClickHouseError.refusal(NOT_IMPLEMENTED, "NOT_IMPLEMENTED", "Compressed responses are not supported here")
    if "session_id" in arguments:
        raise ClickHouseError.refusal(NOT_IMPLEMENTED, "NOT_IMPLEMENTED", "Sessions are not supported here")
    statement = _split(arguments.get("query", ""), body)
    statement.database = arguments.get("database")
    statement.default_format = arguments.get("default_format", statement.default_format)
    statement.read_only = read_only
    for name, value in arguments.items():
        if name.startswith("param_"):
            statement.params[name.removeprefix("param_")] = value
        elif name not in _OF_THE_INTERFACE:
            statement.settings[_checked(name)] = value
    return statement


def _split(query, body):
    text = query.encode()
    if not text:
        text, body = b"".join(body), ()
    if head := _INSERT_WITH_FORMAT.match(text):
        clause = _FORMAT_CLAUSE.match(text, head.end())
        if clause is not None:
            return Statement(
                sql=_decoded(head.group(1)),
                sql_after_source=_decoded((head.group(2) or b"") + b"FORMAT " + clause.group(1)),
                data=_joined(text[clause.end():], body),
            )
    rest = b"".join(body)
    return Statement(sql=_decoded(text + b"\n" + rest if rest else text))


def _joined(first, rest):
    if first:
        yield first
    yield from rest


def _decoded(text):
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise ClickHouseError.refusal(BAD_ARGUMENTS, "BAD_ARGUMENTS", "The statement is not valid UTF-8") from None


def _checked(name):
    if not _NAME.match(name):
        raise ClickHouseError.refusal(BAD_ARGUMENTS, "BAD_ARGUMENTS", f"{name!r} is not the name of a setting")
    return name
