"""ClickHouse's compressed block stream (`decompress=1`): per block a checksum, a method, two sizes, the payload.

Checksums are not verified: the bytes have only crossed the loopback interface, under TCP's own checksum.
"""

import struct

from errors import CANNOT_DECOMPRESS, ClickHouseError

_CHECKSUM_BYTES = 16
_HEADER = struct.Struct("<BII")
_NONE, _LZ4 = 0x02, 0x82
_LARGEST_BLOCK = 1 << 30


def decompressed(chunks):
    """Yields the plain payload of each block; `chunks` may cut the stream anywhere."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while (length := _block_length(buffer)) is not None and len(buffer) >= length:
            yield _payload(bytes(buffer[:length]))
            del buffer[:length]
    if buffer:
        raise _broken("the stream ends inside a block")


def _block_length(buffer):
    if len(buffer) < _CHECKSUM_BYTES + _HEADER.size:
        return None
    _, packed, plain = _HEADER.unpack_from(buffer, _CHECKSUM_BYTES)
    if not _HEADER.size <= packed <= _LARGEST_BLOCK or plain > _LARGEST_BLOCK:
        raise _broken(f"a block claims {packed} packed and {plain} plain bytes")
    return _CHECKSUM_BYTES + packed


def _payload(block):
    method, _, plain_size = _HEADER.unpack_from(block, _CHECKSUM_BYTES)
    body = block[_CHECKSUM_BYTES + _HEADER.size:]
    if method == _LZ4:
        body = _unpack_lz4(body)
    elif method != _NONE:
        raise _broken(f"method 0x{method:02x} is not supported, only LZ4 and none")
    if len(body) != plain_size:
        raise _broken(f"a block unpacks to {len(body)} bytes and claims {plain_size}")
    return body


def _unpack_lz4(data):
    try:
        return _lz4_sequences(data)
    except IndexError:
        raise _broken("an LZ4 block ends inside a sequence") from None


def _lz4_sequences(data):
    plain = bytearray()
    at, end = 0, len(data)
    while at < end:
        token = data[at]
        at += 1
        literals = token >> 4
        if literals == 15:
            literals, at = _extended(data, at, literals)
        if literals:
            if at + literals > end:
                raise IndexError
            plain += data[at:at + literals]
            at += literals
        if at == end:
            break
        distance = data[at] | data[at + 1] << 8
        at += 2
        length = token & 15
        if length == 15:
            length, at = _extended(data, at, length)
        _repeat(plain, distance, length + 4)
    return bytes(plain)


def _extended(data, at, length):
    while True:
        more = data[at]
        at += 1
        length += more
        if more != 255:
            return length, at


def _repeat(plain, distance, length):
    start = len(plain) - distance
    if distance == 0 or start < 0:
        raise _broken("an LZ4 match points outside its block")
    if distance >= length:
        plain += plain[start:start + length]
        return
    pattern = bytes(plain[start:])
    plain += (pattern * (length // distance + 1))[:length]


def _broken(reason):
    return ClickHouseError.refusal(CANNOT_DECOMPRESS, "CANNOT_DECOMPRESS", f"Cannot read the compressed body: {reason}")
