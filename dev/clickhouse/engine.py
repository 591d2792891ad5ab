"""The embedded engine behind the server.

Each statement gets a connection of its own (under a millisecond), so settings and the current database never leak
from one request to another and requests run side by side. One more connection stays open: the engine lives as long
as its last connection.
"""

import fcntl
import os
import tempfile
from dataclasses import dataclass, replace

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
        if statement.data is None:
            return self._execute(statement, statement.sql)
        return self._insert(statement)

    def _insert(self, statement):
        """Spools the rows to a file without a name and has the engine insert from there.

        The engine's streaming insert would need no file, but it reports only what goes wrong while it parses: a
        violated constraint or too many partitions pass for success, with the rows counted as written and none
        stored. An insert from a file is a query like any other and raises. The body is complete before the engine
        hears of it, so a client that goes away leaves nothing, and no crash leaves a file. This server holds one chunk
        of the body in memory; the engine holds the block that it makes, as it always does.
        """
        with tempfile.TemporaryFile(dir=self._path) as spool:
            spool.writelines(statement.data)
            spool.flush()
            # By descriptor: the engine would read a pattern into a path with * or {, match nothing, and insert nothing.
            source = f"FROM INFILE '/proc/self/fd/{spool.fileno()}' COMPRESSION 'none'"
            answer = self._execute(statement, f"{statement.sql} {source} {statement.sql_after_source}")
        return replace(answer, read_rows=answer.written_rows, read_bytes=answer.written_bytes)

    def _execute(self, statement, sql):
        connection = _chdb.connect(self._path)
        try:
            _prepare(connection, statement, sql)
            return _query(connection, statement, sql)
        except RuntimeError as error:
            raise ClickHouseError.from_engine(error) from None
        finally:
            connection.close()


def _prepare(connection, statement, sql):
    count = connection.classify_query(sql)["statement_count"]
    if count > 1:
        raise ClickHouseError.refusal(SYNTAX_ERROR, "SYNTAX_ERROR", "Multi-statements are not allowed")
    if not sql.strip():
        raise ClickHouseError.refusal(SYNTAX_ERROR, "SYNTAX_ERROR", "Empty query")
    if statement.database:
        connection.query(f"USE {_quoted(statement.database, '`')}", "TSV")
    settings = dict(statement.settings)
    if statement.read_only:
        settings["readonly"] = "2"
    if settings:
        assignments = ", ".join(f"{name} = {_quoted(value, chr(39))}" for name, value in settings.items())
        connection.query(f"SET {assignments}", "TSV")


def _query(connection, statement, sql):
    result = connection.query(sql, statement.default_format, params=statement.params)
    return Answer(
        body=bytes(result.bytes()),
        read_rows=result.storage_rows_read(),
        read_bytes=result.storage_bytes_read(),
        written_rows=result.rows_written(),
        written_bytes=result.bytes_written(),
        result_rows=result.rows_read(),
        elapsed_ns=int(result.elapsed() * 1e9),
    )


def _quoted(text, quote):
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote
