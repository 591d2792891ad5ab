"""The part of ClickHouse's HTTP interface that the product uses, over the embedded engine.

    python3 server.py --data DIR --port PORT

Users and passwords are accepted unread: the server listens on the loopback interface only.
"""

import argparse
import json
import signal
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import statement
from blocks import decompressed
from body import BodyError, chunks_of, drain, form_fields
from engine import Engine
from errors import NOT_IMPLEMENTED, ClickHouseError

_DRAIN_SECONDS = 10


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Headers and body leave in one segment; handle_one_request flushes.
    wbufsize = -1

    def do_GET(self):
        if self.path in ("/", "/ping", "/replicas_status"):
            self._answer(200, b"Ok.\n")
        else:
            self._take(read_only=True)

    def do_POST(self):
        self._take(read_only=False)

    def _take(self, read_only):
        url = urlsplit(self.path)
        try:
            body = chunks_of(self.headers, self.rfile)
            if url.path == "/":
                with self.server.in_flight:
                    self._run(dict(parse_qsl(url.query, keep_blank_values=True)), body, read_only)
            else:
                drain(body)
                self._answer(404, f"There is no handle {url.path}\n".encode())
        except BodyError as error:
            self.close_connection = True
            self._answer(400, f"{error}\n".encode())

    def _run(self, arguments, body, read_only):
        headers = {"X-ClickHouse-Query-Id": arguments.get("query_id") or str(uuid.uuid4())}
        try:
            answer = self.server.engine.run(self._build(arguments, body, read_only))
        except ClickHouseError as error:
            # A client that is still sending reads no answer: take the rest of the body first.
            drain(body)
            headers["X-ClickHouse-Exception-Code"] = str(error.code)
            self._answer(error.status, self._error_text(error), headers)
        else:
            drain(body)
            headers["X-ClickHouse-Summary"] = json.dumps(answer.summary(), separators=(",", ":"))
            self._answer(200, answer.body, headers)

    def _build(self, arguments, body, read_only):
        encoding = self.headers.get("Content-Encoding", "identity")
        if encoding != "identity":
            raise ClickHouseError.refusal(NOT_IMPLEMENTED, "NOT_IMPLEMENTED", f"Content-Encoding {encoding} is not supported here")
        if self.headers.get_content_type() == "multipart/form-data":
            fields = form_fields(self.headers.get_boundary(), b"".join(body))
            return statement.build(arguments | fields, (), read_only)
        if arguments.get("decompress", "0") not in ("", "0"):
            body = decompressed(body)
        return statement.build(arguments, body, read_only)

    def _error_text(self, error):
        version = "" if "(version " in error.text else f" (version {self.server.engine.version})"
        return f"{error.text}{version}\n".encode()

    def _answer(self, status, content, headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/octet-stream" if status == 200 else "text/plain; charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, code="-", size="-"):
        """Requests are not logged; errors are, by log_error."""


class InFlight:
    """Counts running statements, so that a shutdown can wait for them and not for idle connections."""

    def __init__(self):
        self._changed = threading.Condition()
        self._running = 0

    def __enter__(self):
        with self._changed:
            self._running += 1

    def __exit__(self, *_):
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def wait_for_none(self, seconds):
        with self._changed:
            return self._changed.wait_for(lambda: self._running == 0, seconds)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, engine):
        self.engine = engine
        self.in_flight = InFlight()
        super().__init__(address, Handler)

    def handle_error(self, request, client_address):
        """A client that went away is not worth a stack trace."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--data", required=True, help="directory of the engine's files")
    options.add_argument("--port", required=True, type=int, help="loopback port to listen on")
    chosen = options.parse_args()
    try:
        engine = Engine(chosen.data)
    except BlockingIOError:
        sys.exit(f"another process owns {chosen.data}")
    server = Server(("127.0.0.1", chosen.port), engine)
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for serve_forever(), which this very thread runs.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    if not server.in_flight.wait_for_none(_DRAIN_SECONDS):
        sys.exit("statements were still running when the time to stop was over")
    engine.close()


if __name__ == "__main__":
    main()
