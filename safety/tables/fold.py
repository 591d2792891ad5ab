"""The fold of each character, and the class of each.

Fold: compatibility decomposition, case folding, `EXTRA`, variants of ideographs, until nothing changes; then what is invisible or
a mark of accent falls away. Marks that carry vowels and consonants (Indic, Thai and others) stay. Hangul and kana stay composed.
"""
import re

import unicodedata2 as ucd

from variants import Variants

SPACE, LINE = " ", "\n"
# What looks blank without being a space: Hangul fillers, the empty Braille cell, the musical null notehead.
BLANK = {0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800, 0x1D159}
# Default ignorable code points that are no format characters, and the object replacement character.
IGNORED = {0x34F, 0x17B4, 0x17B5, 0x2065, 0xFFFC, *range(0x180B, 0x1810), *range(0xFFF0, 0xFFF9)}
IGNORED |= {*range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000), *range(0x1D173, 0x1D17B)}
# Format characters that are seen (Prepended_Concatenation_Mark).
SEEN = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
# Scripts whose marks are accents or optional points: they fall away. Marks of all others are part of the word.
POINTS = [(0x300, 0x36F), (0x483, 0x489), (0x591, 0x5C7), (0x610, 0x61A), (0x64B, 0x65F), (0x670, 0x670), (0x6D6, 0x6ED)]
POINTS += [(0x8CA, 0x8FF), (0x898, 0x89F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0x2CEF, 0x2CF1)]
POINTS += [(0x2DE0, 0x2DFF), (0x302A, 0x302F), (0xA66F, 0xA67D), (0xA69E, 0xA69F), (0xFB1E, 0xFB1E), (0xFE20, 0xFE2F)]
POINTS += [(0x101FD, 0x101FD), (0x102E0, 0x102E0), (0x1D165, 0x1D1AD), (0x1D242, 0x1D244), (0x1BC9D, 0x1BC9E)]
# Letters that no decomposition reaches.
EXTRA = {
    "ß": "ss", "ẞ": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ȷ": "j", "ł": "l",
    "ħ": "h", "ŧ": "t", "ŋ": "n", "ĸ": "k", "ſ": "s", "ə": "e", "ɑ": "a", "ɡ": "g", "ɩ": "i", "ʏ": "y", "ᴁ": "ae", "ɶ": "oe",
    "ꜳ": "aa", "ꜵ": "ao", "ꜷ": "au", "ꜹ": "av", "ꜽ": "ay", "ꝏ": "oo", "ƿ": "w", "ꝺ": "d", "ꝼ": "f", "ꞃ": "r", "ꞅ": "s",
    "ꞇ": "t", "ꞁ": "l", "ᵹ": "g", "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "⁃": "-", "⁄": "/",
    "∕": "/", "〜": "~", "∼": "~", "゛": "\u3099", "゜": "\u309A",
    "ﾞ": "\u3099", "ﾟ": "\u309A", "🆎": "ab", "🆑": "cl", "🆒": "cool", "🆓": "free", "🆔": "id", "🆕": "new", "🆖": "ng",
    "🆗": "ok", "🆘": "sos", "🆙": "up", "🆚": "vs", "🆏": "wc", "🄫": "c", "🄬": "r", "🄮": "wz", "㉐": "pte",
    "㇐": "一", "㇑": "丨", "㇒": "丿", "㇓": "丿", "㇔": "丶", "㇟": "乚", "㇖": "乛",
}
LETTER = re.compile(
    r"^(?:LATIN (?:SMALL|CAPITAL) LETTER ([A-Z]) WITH .*|LATIN LETTER SMALL CAPITAL ([A-Z])"
    r"|LATIN LETTER SMALL CAPITAL ([A-Z]) WITH .*"
    r"|NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER ([A-Z])|CROSSED NEGATIVE SQUARED LATIN CAPITAL LETTER ([A-Z])"
    r"|REGIONAL INDICATOR SYMBOL LETTER ([A-Z])|TORTOISE SHELL BRACKETED LATIN CAPITAL LETTER ([A-Z]))$"
)
CIRCLED = re.compile(r"(?:NEGATIVE|DOUBLE|SANS-SERIF) .*CIRCLED|^CIRCLED (?:DIGIT|NUMBER)|CIRCLED SANS-SERIF")


def named(c):
    """What the character's name says it is: a letter with a stroke, a digit in a black circle."""
    name = ucd.name(c, "")
    if found := LETTER.match(name):
        return next(g for g in found.groups() if g).lower()
    if "CIRCLED" in name and CIRCLED.search(name) and ucd.category(c) == "No":
        return str(int(ucd.numeric(c)))
    if "SEGMENTED DIGIT" in name or ucd.category(c) == "Nd":
        return str(ucd.decimal(c))
    return None


def is_point(c):
    return ucd.category(c) in ("Mn", "Me", "Mc") and any(a <= ord(c) <= b for a, b in POINTS)


def is_dropped(c):
    at, kind = ord(c), ucd.category(c)
    if at in IGNORED or is_point(c):
        return True
    return (kind == "Cf" and at not in SEEN) or (kind == "Cc" and c not in "\n\t")


class Table:
    def __init__(self, data):
        self.variants = Variants(data)
        self.cases = dict(cases(data))
        self.radicals = dict(radicals(data))
        self.memo = {}
        for at in range(0x110000):
            if not 0xD800 <= at < 0xE000:
                self.fold(chr(at))

    def step(self, c):
        """One step towards the fold of one character."""
        at, kind = ord(c), ucd.category(c)
        if at in BLANK or kind == "Zs" or c in "\t\x0b\x0c":
            return SPACE
        if c in "\r\x85\u2028\u2029":
            return LINE
        if at < 0x80 and not c.isupper():
            return "" if is_dropped(c) else c
        if c in EXTRA:
            return EXTRA[c]
        if at in self.radicals:
            return self.radicals[at]
        if is_dropped(c):
            return ""
        if 0xAC00 <= at < 0xD7A4:
            return c
        if lower := self.cases.get(c):
            return lower
        if kind == "Lu" and (lower := small(c)):
            return lower
        if whole := ucd.decomposition(c):
            tag, *rest = whole.split() if whole.startswith("<") else ["", *whole.split()]
            if not (0x3040 <= at < 0x3100 and tag == ""):
                return bare("".join(chr(int(x, 16)) for x in rest))
        return named(c) or self.variants.end(c)

    def fold(self, c):
        if (known := self.memo.get(c)) is not None:
            return known
        self.memo[c] = c
        then = self.step(c)
        self.memo[c] = then if then == c else "".join(self.fold(x) for x in then)
        if any(0x1100 <= ord(x) < 0x1200 for x in self.memo[c]):
            self.memo[c] = ucd.normalize("NFC", self.memo[c])
        return self.memo[c]

    def text(self, text):
        return "".join(self.fold(c) for c in text)

    def lines(self):
        """`FROM TO…` in hexadecimal; runs whose characters all move by the same distance as `FIRST-LAST TO`."""
        todo = [(ord(c), [ord(x) for x in to]) for c, to in sorted(self.memo.items()) if to != c]
        at = 0
        while at < len(todo):
            end, (first, to) = at, todo[at]
            while end + 1 < len(todo) and follows(todo[end], todo[end + 1]):
                end += 1
            span = f"{first:x}" if end == at else f"{first:x}-{todo[end][0]:x}"
            yield " ".join([span, *(f"{x:x}" for x in to)])
            at = end + 1

    def kind(self, c):
        at, kind = ord(c), ucd.category(c)
        if at in BLANK or kind in ("Zs", "Zl", "Zp") or c in "\t\n\r\x0b\x0c\x85":
            return "B"
        if 0x1161 <= at <= 0x11FF or at in (0x3099, 0x309A) or 0xD7B0 <= at < 0xD800:
            return "J"
        if is_dropped(c):
            return "B"
        if kind in ("Mn", "Mc", "Me"):
            return "M"
        if c in "〇々〆〻" or at in range(0x3021, 0x302A) or (kind == "Lo" and "IDEOGRAPH" in ucd.name(c, "CJK")):
            return "I"
        if kind == "Nd":
            return "D"
        return "L" if kind[0] == "L" or kind == "Nl" else "O"

    def class_lines(self):
        """`FIRST-LAST KIND`, hexadecimal; what is not listed is O."""
        start, last, run = 0, 0, "O"
        for at in [*range(0xD800), *range(0xE000, 0x110000), None]:
            kind = None if at is None else self.kind(chr(at))
            if kind != run:
                if run != "O":
                    yield f"{start:x}-{last:x} {run}"
                start, run = at, kind
            last = at


def bare(text):
    """What stands in brackets that belong to the character itself: ⒜ is a letter as ⓐ is."""
    return text[1:-1] if len(text) > 2 and text[0] + text[-1] in ("()", "〔〕") else text


def follows(one, two):
    return len(one[1]) == len(two[1]) <= 1 and two[0] == one[0] + 1 and [x + 1 for x in one[1]] == two[1]


def cases(data):
    for line in (data / "CaseFolding.txt").read_text(encoding="utf-8").splitlines():
        row = [x.strip() for x in line.split("#")[0].split(";")]
        if len(row) > 2 and row[1] in "CF":
            yield chr(int(row[0], 16)), "".join(chr(int(x, 16)) for x in row[2].split())


def small(c):
    """The small letter of a capital that is younger than the case folding file."""
    try:
        return ucd.lookup(ucd.name(c, "").replace("CAPITAL", "SMALL")) if "CAPITAL" in ucd.name(c, "") else None
    except KeyError:
        return None


def radicals(data):
    for line in (data / "EquivalentUnifiedIdeograph.txt").read_text(encoding="utf-8").splitlines():
        row = [x.strip() for x in line.split("#")[0].split(";")]
        if len(row) == 2:
            ends = [int(x, 16) for x in row[0].split("..")]
            for at in range(ends[0], ends[-1] + 1):
                yield at, chr(int(row[1], 16))
