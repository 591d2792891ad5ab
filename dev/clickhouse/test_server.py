"""Tests of the engine server over real HTTP, each class with a server process of its own.

    dev/lib/engine-tests.sh
"""

import http.client
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from urllib.parse import urlencode

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import statement  # noqa: E402
from blocks import decompressed  # noqa: E402
from errors import ClickHouseError  # noqa: E402

SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "server.py")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """One server on a directory; `stop` and `kill` end it, `start` begins again on the same data."""

    def __init__(self):
        # The engine reads patterns into names of files; a directory may have such a name.
        self.data = tempfile.mkdtemp(prefix="clickhouse-test-{*}-")
        self.port = free_port()
        self.start()

    def start(self):
        command = [sys.executable, "-B", SERVER, "--data", self.data, "--port", str(self.port)]
        self.child = subprocess.Popen(command)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if self.ask("GET", "/ping")[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server did not answer /ping in 20 s")

    def end(self, number):
        self.child.send_signal(number)
        return self.child.wait(20)

    def remove(self):
        if self.child.poll() is None:
            self.end(signal.SIGTERM)
        shutil.rmtree(self.data)

    def ask(self, method, path, body=None, chunked=False, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {}, encode_chunked=chunked)
            response = connection.getresponse()
            return response.status, response.read(), dict(response.getheaders())
        finally:
            connection.close()

    def post(self, body=b"", chunked=False, **arguments):
        headers = {"Transfer-Encoding": "chunked"} if chunked else {}
        return self.ask("POST", "/?" + urlencode(arguments), body, chunked, headers)

    def value(self, sql, **arguments):
        status, body, _ = self.post(sql.encode(), **arguments)
        if status != 200:
            raise AssertionError(body.decode())
        return body.decode().strip()


class WithServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Process()

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    def table(self, name, columns="a UInt64, s String", more="SETTINGS non_replicated_deduplication_window = 1000"):
        self.server.value(f"CREATE OR REPLACE TABLE {name} ({columns}) ENGINE = MergeTree ORDER BY a {more}")


class Queries(WithServer):
    def test_a_query_may_come_in_the_body_in_the_url_or_in_both(self):
        self.assertEqual(self.server.value("SELECT 1"), "1")
        self.assertEqual(self.server.post(query="SELECT 2")[1], b"2\n")
        self.assertEqual(self.server.post(b"+ 3", query="SELECT 1")[1], b"4\n")
        self.assertEqual(self.server.ask("GET", "/?query=SELECT%205")[1], b"5\n")

    def test_the_default_format_yields_to_a_format_clause(self):
        status, body, _ = self.server.post(b"SELECT 1 AS x", default_format="RowBinaryWithNamesAndTypes")
        self.assertEqual((status, body), (200, b"\x01\x01x\x05UInt8\x01"))
        self.assertEqual(self.server.value("SELECT 1 AS x FORMAT JSONEachRow", default_format="RowBinary"), '{"x":1}')

    def test_parameters_come_in_the_url_or_in_a_form(self):
        self.assertEqual(self.server.value("SELECT {n:UInt32} + 1", param_n="41"), "42")
        form = "\r\n".join([
            "--bound", 'Content-Disposition: form-data; name="query"', "", "SELECT {s:String}, {n:UInt8}",
            "--bound", 'Content-Disposition: form-data; name="param_s"', "", "回音 -- 'x'",
            "--bound", 'Content-Disposition: form-data; name="param_n"', "", "7", "--bound--", "",
        ]).encode()
        headers = {"Content-Type": "multipart/form-data; boundary=bound"}
        status, body, _ = self.server.ask("POST", "/", form, headers=headers)
        self.assertEqual((status, body.decode()), (200, "回音 -- \\'x\\'\t7\n"))

    def test_database_and_settings_hold_for_one_request_only(self):
        self.server.value("CREATE DATABASE IF NOT EXISTS `odd ``name`")
        self.assertEqual(self.server.value("SELECT currentDatabase()", database="odd `name"), "odd `name")
        self.assertEqual(self.server.value("SELECT currentDatabase()"), "default")
        asked = "SELECT getSetting('max_threads')"
        self.assertEqual(self.server.value(asked, max_threads="7"), "7")
        self.assertNotEqual(self.server.value(asked), "7")

    def test_get_reads_only(self):
        status, body, headers = self.server.ask("GET", "/?query=CREATE%20DATABASE%20sly")
        self.assertEqual((status, headers["X-ClickHouse-Exception-Code"]), (500, "164"))
        self.assertIn(b"READONLY", body)

    def test_answers_name_the_query_and_sum_it_up(self):
        _, _, headers = self.server.post(b"SELECT number FROM numbers(10)", query_id="mine")
        summary = json.loads(headers["X-ClickHouse-Summary"])
        self.assertEqual(headers["X-ClickHouse-Query-Id"], "mine")
        self.assertEqual((summary["read_rows"], summary["result_rows"]), ("10", "10"))

    def test_one_connection_carries_many_requests_after_errors_too(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        for sql, status in (("SELECT 1", 200), ("SELEC", 404), ("SELECT 2", 200), ("", 400), ("SELECT 3", 200)):
            connection.request("POST", "/", sql)
            response = connection.getresponse()
            response.read()
            self.assertEqual(response.status, status, sql)
        connection.close()


class Errors(WithServer):
    def check(self, code, status, name, body=b"", **arguments):
        answer = self.server.post(body, **arguments)
        text = answer[1].decode()
        self.assertEqual((answer[0], answer[2].get("X-ClickHouse-Exception-Code")), (status, str(code)), text)
        self.assertTrue(text.startswith(f"Code: {code}. DB::Exception: "), text)
        self.assertIn(f"({name})", text)
        self.assertRegex(text, r"\(version [0-9.]+\)\n$")

    def test_errors_carry_code_name_version_and_status(self):
        self.check(60, 404, "UNKNOWN_TABLE", b"SELECT * FROM nowhere")
        self.check(62, 400, "SYNTAX_ERROR", b"SELECT FROM WHERE")
        self.check(62, 400, "SYNTAX_ERROR")
        self.check(62, 400, "SYNTAX_ERROR", b"SELECT 1; SELECT 2")
        self.check(81, 404, "UNKNOWN_DATABASE", b"SELECT 1", database="nowhere")
        self.check(115, 404, "UNKNOWN_SETTING", b"SELECT 1", no_such_setting="1")
        self.check(36, 500, "BAD_ARGUMENTS", b"SELECT 1", **{"max_threads = 1, x": "1"})
        self.check(48, 501, "NOT_IMPLEMENTED", b"SELECT 1", compress="1")
        self.check(60, 404, "UNKNOWN_TABLE", b"{}\n", query="INSERT INTO nowhere FORMAT JSONEachRow")
        self.check(159, 408, "TIMEOUT_EXCEEDED", b"SELECT sleepEachRow(1) FROM numbers(9)", max_execution_time="1", max_block_size="1")

    def test_a_row_that_does_not_parse_inserts_nothing_and_reports_the_cause(self):
        self.table("strict")
        body = b'{"a":1,"s":"x"}\n{"a":"no","s":"y"}\n'
        self.check(27, 400, "CANNOT_PARSE_INPUT_ASSERTION_FAILED", body, query="INSERT INTO strict FORMAT JSONEachRow")
        self.assertEqual(self.server.value("SELECT count() FROM strict"), "0")

    def test_rows_that_break_a_constraint_are_refused_and_none_is_stored(self):
        self.table("bounded", "a UInt64, s String, CONSTRAINT small CHECK a < 100")
        columns = b"\x02\x01a\x01s\x06UInt64\x06String"
        fine, wrong = struct.pack("<Q", 1) + b"\x01x", struct.pack("<Q", 100) + b"\x01y"
        native = b"\x02\x02" + b"\x01a\x06UInt64" + struct.pack("<QQ", 1, 100) + b"\x01s\x06String\x01x\x01y"
        for form, body in {
            "RowBinary": fine + wrong,
            "RowBinaryWithNamesAndTypes": columns + fine + wrong,
            "Native": native,
            "JSONEachRow": b'{"a":1,"s":"x"}\n{"a":100,"s":"y"}',
        }.items():
            with self.subTest(form):
                insert = f"INSERT INTO bounded FORMAT {form}"
                self.check(469, 500, "VIOLATED_CONSTRAINT", body, query=insert, insert_deduplication_token="k")
        self.check(469, 500, "VIOLATED_CONSTRAINT", b"INSERT INTO bounded VALUES (1, 'x'), (100, 'y')")
        self.check(469, 500, "VIOLATED_CONSTRAINT", b"INSERT INTO bounded SELECT number, '' FROM numbers(101)")
        self.assertEqual(self.server.value("SELECT count() FROM bounded"), "0")
        # The token of a refused block is still free.
        query = "INSERT INTO bounded FORMAT RowBinary"
        self.assertEqual(self.server.post(fine, query=query, insert_deduplication_token="k")[0], 200)
        self.assertEqual(self.server.value("SELECT count() FROM bounded"), "1")

    def test_rows_of_too_many_partitions_are_refused_unless_the_request_allows_them(self):
        self.table("spread", more="PARTITION BY a")
        query = "INSERT INTO spread FORMAT TSV"
        body = b"".join(b"%d\tx\n" % n for n in range(101))
        self.check(252, 500, "TOO_MANY_PARTS", body, query=query)
        self.assertEqual(self.server.value("SELECT count() FROM spread"), "0")
        self.assertEqual(self.server.post(body, query=query, max_partitions_per_insert_block="0")[0], 200)
        self.assertEqual(self.server.value("SELECT count() FROM spread"), "101")

    def test_what_fails_in_a_view_fails_the_insert(self):
        self.table("watched")
        self.table("picky", "a UInt64, CONSTRAINT small CHECK a < 100")
        self.server.value("CREATE MATERIALIZED VIEW strict_eye TO picky AS SELECT a FROM watched")
        self.check(469, 500, "VIOLATED_CONSTRAINT", b"100\tx\n", query="INSERT INTO watched FORMAT TSV")
        self.assertEqual(self.server.value("SELECT count() FROM picky"), "0")

    def test_an_error_before_a_large_body_is_still_answered(self):
        pieces = (b"x" * 65536 for _ in range(64))
        status, _, headers = self.server.post(pieces, True, query="INSERT INTO nowhere FORMAT RowBinary")
        self.assertEqual((status, headers["X-ClickHouse-Exception-Code"]), (404, "60"))

    def test_unknown_paths_and_broken_framing_are_refused(self):
        self.assertEqual(self.server.ask("POST", "/nowhere", b"SELECT 1")[0], 404)
        headers = {"Transfer-Encoding": "chunked"}
        self.assertEqual(self.server.ask("POST", "/", b"zz\r\nSELECT 1\r\n", headers=headers)[0], 400)


class Inserts(WithServer):
    def insert(self, table, body, chunked=False, form="JSONEachRow", **arguments):
        status, answer, headers = self.server.post(body, chunked, query=f"INSERT INTO {table} FORMAT {form}", **arguments)
        self.assertEqual(status, 200, answer)
        return json.loads(headers["X-ClickHouse-Summary"])

    def rows(self, table):
        return self.server.value(f"SELECT groupArray((a, s)) FROM (SELECT * FROM {table} ORDER BY a)")

    def test_rows_arrive_in_every_format_that_is_named(self):
        row = struct.pack("<Q", 7) + b"\x02hi"
        names = b"\x02\x01a\x01s\x06UInt64\x06String"
        native = b"\x02\x01" + b"\x01a\x06UInt64" + struct.pack("<Q", 7) + b"\x01s\x06String\x02hi"
        for form, body in {
            "RowBinary": row,
            "RowBinaryWithNamesAndTypes": names + row,
            "Native": native,
            "JSONEachRow": b'{"a":7,"s":"hi"}',
            "TabSeparated": b"7\thi\n",
            "Values": b"(7,'hi')",
        }.items():
            with self.subTest(form):
                self.table("formats")
                self.assertEqual(self.insert("formats", body, form=form)["written_rows"], "1")
                self.assertEqual(self.rows("formats"), "[(7,'hi')]")

    def test_rows_may_follow_the_statement_in_the_body(self):
        self.table("inline")
        self.server.value("INSERT INTO inline VALUES (1, 'a FORMAT b')")
        self.server.value("INSERT INTO inline SETTINGS log_comment = ' FORMAT x' FORMAT JSONEachRow\n{\"a\":2,\"s\":\"\"}")
        status, _, _ = self.server.post(b"INSERT INTO inline (a, s) FORMAT RowBinary\n" + struct.pack("<Q", 255) + b"\x01z")
        self.assertEqual(status, 200)
        self.server.value("INSERT INTO inline SELECT 300, 'x' FORMAT Null")
        self.assertEqual(self.rows("inline"), "[(1,'a FORMAT b'),(2,''),(255,'z'),(300,'x')]")

    def test_a_chunked_body_is_cut_anywhere_and_still_one_insert(self):
        self.table("chunked")
        body = b"".join(b'{"a":%d,"s":"%d"}\n' % (n, n) for n in range(50_000))
        pieces = (body[at:at + 9_973] for at in range(0, len(body), 9_973))
        self.assertEqual(self.insert("chunked", pieces, chunked=True)["written_rows"], "50000")
        self.assertEqual(self.server.value("SELECT count(), uniqExact(_part) FROM chunked"), "50000\t1")

    def test_the_settings_of_a_request_say_whether_its_rows_are_one_block(self):
        rows = b"".join(b"%d\tx\n" % n for n in range(1_500_000))
        for name, limit, parts in (("whole", "10000000", "1"), ("sliced", "500000", "3")):
            self.table(name)
            self.server.value(f"SYSTEM STOP MERGES {name}")
            self.insert(name, rows, form="TSV", input_format_parallel_parsing="0", max_insert_block_size=limit,
                        min_insert_block_size_rows=limit, min_insert_block_size_bytes="0")
            self.assertEqual(self.server.value(f"SELECT count(), uniqExact(_part) FROM {name}"), f"1500000\t{parts}")

    def test_an_insert_without_rows_stores_none(self):
        self.table("none")
        self.assertEqual(self.insert("none", b"")["written_rows"], "0")
        self.assertEqual(self.rows("none"), "[]")

    def test_the_same_token_and_rows_add_nothing_however_the_body_is_cut(self):
        self.table("once")
        body = b"".join(b"%d\t%s\n" % (n, b"v" * (n % 99)) for n in range(20_000))
        for size in (len(body), 4_096, 1_000_003):
            pieces = (body[at:at + size] for at in range(0, len(body), size))
            self.insert("once", pieces, chunked=True, form="TSV", insert_deduplication_token="t:0:0-19999")
        self.assertEqual(self.server.value("SELECT count() FROM once"), "20000")
        self.insert("once", body, form="TSV", insert_deduplication_token="t:0:20000-39999")
        self.assertEqual(self.server.value("SELECT count() FROM once"), "40000")

    def test_a_view_is_deduplicated_with_its_table(self):
        self.table("source")
        self.table("target")
        self.server.value("CREATE MATERIALIZED VIEW seen TO target AS SELECT a, s FROM source")
        for _ in range(2):
            self.insert("source", b"1\tx\n", form="TSV", insert_deduplication_token="k",
                        deduplicate_blocks_in_dependent_materialized_views="1")
        self.assertEqual(self.server.value("SELECT (SELECT count() FROM source), (SELECT count() FROM target)"), "1\t1")

    def test_a_body_that_is_cut_off_leaves_neither_rows_nor_files(self):
        self.table("cut")
        before = set(os.listdir(self.server.data))
        head = b"POST /?query=INSERT+INTO+cut+FORMAT+TSV HTTP/1.1\r\nHost: x\r\n"
        for body in (b"Content-Length: 9\r\n\r\n1\tx\n", b"Transfer-Encoding: chunked\r\n\r\n4\r\n1\tx\n\r\n"):
            with self.subTest(body), socket.create_connection(("127.0.0.1", self.server.port)) as raw:
                raw.sendall(head + body)
                raw.shutdown(socket.SHUT_WR)
                self.assertIn(b"400", raw.recv(4096).split(b"\r\n")[0])
        self.assertEqual(self.server.value("SELECT count() FROM cut"), "0")
        self.assertEqual(set(os.listdir(self.server.data)), before)

    def test_a_compressed_body_is_unpacked(self):
        self.table("packed")
        plain = b"1\t" + b"ab" * 20 + b"\n"
        literals = b"\x47" + b"1\tab" + b"\x02\x00"  # 4 literals, then 11 more bytes from 2 back
        rest = plain[15:]
        packed = literals + bytes([0xF0, len(rest) - 15]) + rest
        block = b"\0" * 16 + struct.pack("<BII", 0x82, 9 + len(packed), len(plain)) + packed
        stored = b"\0" * 16 + struct.pack("<BII", 0x02, 9 + 4, 4) + b"2\ty\n"
        self.insert("packed", block + stored, form="TSV", decompress="1")
        self.assertEqual(self.rows("packed"), f"[(1,'{'ab' * 20}'),(2,'y')]")

    def test_many_clients_insert_and_read_side_by_side(self):
        self.table("crowd")
        failed = []

        def work(client):
            try:
                for n in range(10):
                    self.insert("crowd", b"%d\tx\n" % (client * 10 + n), form="TSV")
                    self.server.value("SELECT count() FROM crowd")
            except Exception as error:  # noqa: BLE001
                failed.append(error)

        threads = [threading.Thread(target=work, args=(client,)) for client in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        self.assertEqual(self.server.value("SELECT count(), uniqExact(a) FROM crowd"), "160\t160")


class Restarts(unittest.TestCase):
    def setUp(self):
        self.server = Process()
        self.addCleanup(self.server.remove)
        self.server.value("CREATE TABLE kept (a UInt64) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100")
        self.insert()

    def insert(self):
        query = "INSERT INTO kept FORMAT TSV"
        self.assertEqual(self.server.post(b"1\n2\n", query=query, insert_deduplication_token="kept")[0], 200)

    def check_kept(self):
        self.insert()
        self.assertEqual(self.server.value("SELECT count() FROM kept"), "2")

    def test_rows_and_tokens_are_there_after_sigterm(self):
        self.assertEqual(self.server.end(signal.SIGTERM), 0)
        self.server.start()
        self.check_kept()

    def test_rows_and_tokens_are_there_after_sigkill(self):
        self.server.end(signal.SIGKILL)
        self.server.start()
        self.check_kept()

    def test_sigterm_lets_a_running_statement_finish(self):
        answers = []
        asked = "SELECT sum(sleepEachRow(0.2)) FROM numbers(5) SETTINGS max_block_size = 1"
        thread = threading.Thread(target=lambda: answers.append(self.server.post(asked.encode())[:2]))
        thread.start()
        time.sleep(0.3)
        self.assertEqual(self.server.end(signal.SIGTERM), 0)
        thread.join()
        self.assertEqual(answers, [(200, b"0\n")])

    def test_a_second_server_on_the_same_data_is_refused(self):
        command = [sys.executable, "-B", SERVER, "--data", self.server.data, "--port", str(free_port())]
        second = subprocess.run(command, capture_output=True, text=True, timeout=20)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn("another process owns", second.stderr)


class Parts(unittest.TestCase):
    def test_an_insert_is_split_at_its_own_format_clause(self):
        for sql, halves in (
            ("INSERT INTO t FORMAT TSV", ("INSERT INTO t ", "FORMAT TSV")),
            ("insert into `FORMAT x` format TSV", ("insert into `FORMAT x` ", "FORMAT TSV")),
            ("INSERT INTO t SETTINGS a = 'FORMAT x' FORMAT TSV;", ("INSERT INTO t ", "SETTINGS a = 'FORMAT x' FORMAT TSV")),
            ("INSERT INTO settings (a, settings) FORMAT TSV", ("INSERT INTO settings (a, settings) ", "FORMAT TSV")),
        ):
            made = statement.build({"query": sql}, iter([b"rows"]), False)
            self.assertEqual((made.sql, made.sql_after_source), halves)
            self.assertEqual(b"".join(made.data), b"rows")
        for sql in ("INSERT INTO t VALUES ('FORMAT TSV')", "INSERT INTO t SELECT 1 FORMAT TSV", "SELECT 1 FORMAT TSV"):
            self.assertIsNone(statement.build({"query": sql}, iter([]), False).data)

    def test_broken_compression_is_named(self):
        head = b"\0" * 16
        for body, reason in (
            (head + struct.pack("<BII", 0x82, 9 + 1, 5) + b"\xf0", "ends inside a sequence"),
            (head + struct.pack("<BII", 0x82, 9 + 3, 5) + b"\x00\x09\x00", "outside its block"),
            (head + struct.pack("<BII", 0x02, 9 + 1, 5) + b"x", "claims 5"),
            (head + struct.pack("<BII", 0x90, 9 + 1, 1) + b"x", "not supported"),
            (head + struct.pack("<BII", 0x82, 2, 1), "claims 2 packed"),
            (head + b"\x82", "ends inside a block"),
        ):
            with self.assertRaisesRegex(ClickHouseError, reason):
                list(decompressed([body]))


if __name__ == "__main__":
    unittest.main()
