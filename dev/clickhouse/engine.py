"""The embedded engine behind the server.

Each statement gets a connection of its own (under a millisecond), so settings and the current database never leak
from one request to another and requests run side by side. One more connection stays open: the engine lives as long
as its last connection.
"""

import fcntl
import os
from dataclasses import dataclass

from chdb import _chdb

from errors import SYNTAX_ERROR, ClickHouseError


@dataclass
class Answer:
    """The bytes of a result and what running the statement took."""

    body: bytes
    read_rows: int
    read_bytes: int
    written_rows: int
    written_bytes: int
    result_rows: int
    elapsed_ns: int

    def summary(self):
        """The fields of a server's X-ClickHouse-Summary header, numbers as text like there."""
        fields = {
            "read_rows": self.read_rows,
            "read_bytes": self.read_bytes,
            "written_rows": self.written_rows,
            "written_bytes": self.written_bytes,
            "total_rows_to_read": 0,
            "result_rows": self.result_rows,
            "result_bytes": len(self.body),
            "elapsed_ns": self.elapsed_ns,
        }
        return {name: str(value) for name, value in fields.items()}


class Engine:
    """Data under one directory, owned by one process."""

    def __init__(self, path):
        os.makedirs(path, exist_ok=True)
        self._lock = open(os.path.join(path, "owner.lock"), "w")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._path = path
        self._keeper = _chdb.connect(path)
        self.version = self._keeper.query("SELECT version()", "TSVRaw").bytes().decode().strip()

    def close(self):
        self._keeper.close()
        self._lock.close()

    def run(self, statement):
        """Runs one statement; raises ClickHouseError with the engine's code and text."""
        connection = _chdb.connect(self._path)
        try:
            _prepare(connection, statement)
            if statement.data is None:
                return _query(connection, statement)
            return _insert(connection, statement)
        except RuntimeError as error:
            raise ClickHouseError.from_engine(error) from None
        finally:
            connection.close()


def _prepare(connection, statement):
    count = connection.classify_query(statement.sql)["statement_count"]
    if count > 1:
        raise ClickHouseError.refusal(SYNTAX_ERROR, "SYNTAX_ERROR", "Multi-statements are not allowed")
    if not statement.sql.strip():
        raise ClickHouseError.refusal(SYNTAX_ERROR, "SYNTAX_ERROR", "Empty query")
    if statement.database:
        connection.query(f"USE {_quoted(statement.database, '`')}", "TSV")
    settings = dict(statement.settings)
    if statement.read_only:
        settings["readonly"] = "2"
    if settings:
        assignments = ", ".join(f"{name} = {_quoted(value, chr(39))}" for name, value in settings.items())
        connection.query(f"SET {assignments}", "TSV")


def _query(connection, statement):
    result = connection.query(statement.sql, statement.default_format, params=statement.params)
    return Answer(
        body=bytes(result.bytes()),
        read_rows=result.storage_rows_read(),
        read_bytes=result.storage_bytes_read(),
        written_rows=result.rows_written(),
        written_bytes=result.bytes_written(),
        result_rows=result.rows_read(),
        elapsed_ns=int(result.elapsed() * 1e9),
    )


def _insert(connection, statement):
    insert = connection.send_insert(statement.sql, statement.data_format)
    try:
        for chunk in statement.data:
            connection.insert_append(insert, chunk)
    except BaseException:
        # Without this a body that was cut off would be inserted as far as it came.
        connection.insert_cancel(insert)
        raise
    result = connection.insert_done(insert)
    rows, size = result.rows_written(), result.bytes_written()
    return Answer(b"", rows, size, rows, size, rows, int(result.elapsed() * 1e9))


def _quoted(text, quote):
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote
