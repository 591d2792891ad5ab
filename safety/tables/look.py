"""Look-alikes: which folded character another folded character looks like.

Unicode's prototype of a character is folded too. A small letter takes the prototype of itself or else of its capital, because the
fold has made both the same: в looks like nothing, В like B. Where both say something (ν like v, Ν like N) both are listed.
Finally `MORE`: pairs that Unicode's list leaves out, and the classes of o and l.
"""
import re

PAIR = re.compile(r"\('(\\u\{[0-9a-fA-F]+\}|\\?.)',\s*&\[([^\]]*)\]\)")
MORE = {"0": "o", "1": "l", "i": "l", "|": "l", "ո": "n", "ռ": "n", "ս": "u", "հ": "h", "օ": "o", "ց": "g", "զ": "q", "ա": "w"}
MORE |= {"в": "b", "н": "h", "м": "m", "т": "t", "к": "k", "з": "3", "ь": "b", "п": "n", "я": "r", "и": "n", "д": "d"}
MORE |= {"α": "a", "ε": "e", "η": "n", "κ": "k", "μ": "u", "τ": "t", "ω": "w", "β": "b", "σ": "oc", "ɛ": "e"}
# Turned letters, and syllabics that fancy-text generators take for capitals.
MORE |= dict(zip("ɐǝɔɟɥʞɯɹʇʌʍʎᗩᗷᑕᗪᖴᕼᒍᗰᑎᗝᑭᖇᔕᑌᐯᗯᘜ", "aecfhkmrtvwyabcdfhjmnoprsuvwg"))


def chars(text):
    return "".join(
        chr(int(found[1], 16)) if found[1] else found[2].replace("\\", "")
        for found in re.finditer(r"'(?:\\u\{([0-9a-fA-F]+)\}|(\\?.))'", text)
    )


def prototypes(path):
    text = path.read_text(encoding="utf-8")
    for found in PAIR.finditer(text):
        yield chars(f"'{found[1]}'"), chars(found[2])


def lines(table, path):
    """`FROM TO…`: one folded character and those it looks like. ASCII letters and digits look like themselves."""
    small, capital = {}, {}
    for source, target in prototypes(path):
        to, whole = table.text(target), table.fold(source)
        if len(to) != 1 or len(whole) != 1 or to == whole or stays(whole):
            continue
        if whole == source:
            small.setdefault(whole, set()).add(to)
        elif table.cases.get(source) == whole:
            capital.setdefault(whole, set()).add(to)
    for c in sorted({*small, *capital, *MORE}):
        ends = [end(t, small, capital) for t in direct(c, small, capital)]
        ends = [e for e in dict.fromkeys(ends) if e != c]
        ends.sort(key=lambda e: not stays(e))
        if ends:
            yield c + "".join(ends)


def stays(c):
    return c.isascii() and c.isalnum() and c not in MORE


def direct(c, small, capital):
    """What a character looks like, the likeliest first."""
    return [*MORE.get(c, ""), *sorted(small.get(c, ())), *sorted(capital.get(c, ()))]


def end(c, small, capital):
    """Follows the chain to the character that looks like no other."""
    seen = set()
    while c not in seen and not stays(c) and (then := direct(c, small, capital)):
        seen.add(c)
        c = next((t for t in then if stays(t)), then[0])
    return c
