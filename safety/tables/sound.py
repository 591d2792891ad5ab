"""Readings of folded ideographs, and of phrases with a character that has several.

A character's readings are its first one in the dictionary of characters and all that the dictionary of phrases uses; readings that
no phrase uses are left out (厂 an), of common characters also those of rare phrases and rare variants (不 fou, 炮 fou). Where several characters of simplified Chinese fold to one (乾, 干), it has the
readings of all of them. Written without tone, ü as v.
"""
import collections
import importlib.resources as resources
import json
import unicodedata

from variants import common

# Said for a character though no dictionary has it.
EXTRA = {"嗯": ["en"], "呣": ["mu"], "噷": ["hen"]}


def plain(syllable):
    """lǜ → lv, ńg → ng."""
    base = unicodedata.normalize("NFD", syllable).replace("u\u0308", "v")
    return "".join(c for c in base if c.isascii() and c.isalpha())


def load(name):
    return json.loads((resources.files("pypinyin") / name).read_text(encoding="utf-8"))


def is_said(counts, sound):
    """Whether a common character is read so: in phrases with itself, not only in one of hundreds or in those with a rare variant."""
    return counts[sound] > 1 or (counts[sound] == 1 and counts.total() < 300)


class Readings:
    def __init__(self, table):
        first, phrases = {}, {}
        used, by_itself = (collections.defaultdict(collections.Counter) for _ in range(2))
        for phrase, sounds in load("phrases_dict.json").items():
            if len(phrase) != len(sounds):
                continue
            plains = [list(dict.fromkeys(plain(x) for x in s)) for s in sounds]
            folded = table.text(phrase)
            if len(folded) != len(phrase):
                continue
            for c, these in zip(folded, plains):
                used[c].update(these[:1])
            for c, own, these in zip(folded, phrase, plains):
                if c == own or common(own):
                    by_itself[c].update(these[:1])
            old = phrases.setdefault(folded, [[] for _ in plains])
            phrases[folded] = [list(dict.fromkeys(a + b)) for a, b in zip(old, plains)]
        for at, sounds in load("pinyin_dict.json").items():
            c = chr(int(at))
            to, sound = table.fold(c), plain(sounds.split(",")[0])
            if len(to) == 1 and sound and (to == c or common(c) or to not in first):
                first.setdefault(to, [])
                first[to] = [sound, *first[to]] if to == c else [*first[to], sound]
        self.of = {}
        for c in sorted({*first, *used}):
            often = [s for s, _ in used[c].most_common()]
            often = [s for s in often if s in first.get(c, []) or not common(c) or is_said(by_itself[c], s)]
            self.of[c] = list(dict.fromkeys([*first.get(c, [])[:1], *often, *first.get(c, []), *EXTRA.get(c, [])]))
        self.phrases = phrases

    def lines(self):
        """`READING[,READING…] CHARACTERS`."""
        groups = collections.defaultdict(list)
        for c, sounds in self.of.items():
            groups[",".join(sounds)].append(c)
        for sounds, chars in sorted(groups.items()):
            yield f"{sounds} {''.join(chars)}"

    def phrase_lines(self):
        """`PHRASE` followed by one letter for each of its characters with several readings: a is the first of them, and so on.
        A phrase that is read in several ways has a line for each."""
        for phrase, sounds in sorted(self.phrases.items()):
            if any(s not in self.of[c] for c, these in zip(phrase, sounds) for s in these):
                continue
            if all(len(self.of[c]) < 2 for c in phrase):
                continue
            ways = [""]
            for c, these in zip(phrase, sounds):
                if len(self.of[c]) > 1:
                    ways = [w + "abcdefghijklmnop"[self.of[c].index(s)] for w in ways for s in these]
            for way in ways[:8]:
                yield f"{phrase}{way}"
