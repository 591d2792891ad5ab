"""Bodies of HTTP requests: by length, chunked, or a form of fields."""

import re

_PIECE_BYTES = 256 * 1024
_LARGEST_LINE = 4096


class BodyError(Exception):
    """The body ended early or is not framed as HTTP says."""


def chunks_of(headers, stream):
    """Yields the body in pieces; raises BodyError when the client goes away before its end."""
    if headers.get("Transfer-Encoding", "").lower() == "chunked":
        return _chunked(stream)
    return _counted(stream, _number(headers.get("Content-Length", "0"), 10))


def drain(chunks):
    """Takes what is left of a body, so that the connection can carry the next request."""
    for _ in chunks:
        pass


def _counted(stream, left):
    while left:
        piece = stream.read(min(left, _PIECE_BYTES))
        if not piece:
            raise BodyError(f"the body ended {left} bytes early")
        left -= len(piece)
        yield piece


def _chunked(stream):
    while size := _number(_line(stream).partition(b";")[0].decode("latin-1"), 16):
        yield from _counted(stream, size)
        if _line(stream):
            raise BodyError("a chunk is longer than it says")
    while _line(stream):
        pass


def _line(stream):
    line = stream.readline(_LARGEST_LINE)
    if not line.endswith(b"\n"):
        raise BodyError("the body ended inside a line of its framing")
    return line.rstrip(b"\r\n")


def _number(text, base):
    if not re.fullmatch(r"[0-9A-Fa-f]{1,15}", text.strip()):
        raise BodyError(f"{text!r} is not the length of a body")
    return int(text, base)


def form_fields(boundary, content):
    """The fields of a multipart form by name."""
    if not boundary:
        raise BodyError("the form names no boundary")
    fields = {}
    parts = (b"\r\n" + content).split(b"\r\n--" + boundary.encode())
    if len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise BodyError("the form has no end")
    for part in parts[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        if name is None:
            raise BodyError("a field of the form has no name")
        fields[name.group(1).decode()] = value.decode()
    return fields
