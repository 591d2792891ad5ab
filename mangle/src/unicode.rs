//! Texts of the characters that engines stumble over.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Case that changes the length, marks that combine, characters without width, both ends of planes and of encodings.
const PIECES: [&str; 30] = [
    "İ",
    "ß",
    "ŉ",
    "ﬃ",
    "K",
    "ǰ",
    "\u{0301}",
    "\u{0}",
    "\u{7f}",
    "\u{80}",
    "\u{a0}",
    "\u{200b}",
    "\u{200d}",
    "\u{202e}",
    "\u{2028}",
    "\u{feff}",
    "\u{fffd}",
    "\u{ffff}",
    "\u{10000}",
    "\u{10ffff}",
    "\u{e0041}",
    "👩‍👩‍👧",
    "🇨🇳",
    "赌",
    "博",
    "赌 博",
    "ａ",
    "Ａ",
    "@",
    "\n",
];

/// Texts of any characters, with those above and words of one's own among them.
pub fn unicode() -> BoxedStrategy<String> {
    let piece = prop_oneof![
        3 => select(&PIECES[..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[ -~]{0,6}",
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat()).boxed()
}
