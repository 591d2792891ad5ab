//! How the wording of a text as a whole resembles that of injections, whatever the phrases that the patterns know.
//!
//! A linear model over the pieces of a text: its Latin words, signs and numbers, and every two and three neighbours among them and
//! its ideographs. Each piece has a weight that was learned from the labelled texts of the tuning half (`training.rs`); a text's score
//! is the sum of its pieces' weights over the square root of their number, so that texts of any length compare. Weights are whole
//! numbers, so that each machine comes to the same score.

use std::ops::Range;

/// `weight<tab>piece` on each line; the first is the score of a text without pieces.
const WEIGHTS: &str = include_str!("wording.txt");
/// Tokens that are looked at together, and how far the next such window lies. An order in a long text would be lost in the sum.
const WINDOW: usize = 80;
const STEP: usize = 40;
/// Longest piece in tokens.
const LONGEST: usize = 3;
/// First ideograph.
#[cfg(test)]
const IDEOGRAPHS: char = '\u{2e80}';

/// A hashed token or piece.
type Key = u64;

/// The score of the part of a text that resembles an injection most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judged {
    /// Above 0 for an injection; natural logarithm of the odds, in thousandths.
    pub(super) odds: i32,
    /// How many pieces of it have a weight.
    pub(super) known: usize,
    /// Characters of the folded text.
    pub(super) place: Range<usize>,
}

/// The weights of all pieces.
#[derive(Debug)]
pub(super) struct Wording {
    base: i32,
    weights: Weights,
}

impl Wording {
    /// Reads the weights.
    pub(super) fn new() -> Self {
        Self::of(WEIGHTS)
    }

    pub(super) fn of(weights: &str) -> Self {
        let mut lines = weights.lines().filter_map(|line| {
            let (weight, piece) = line.split_once('\t')?;
            Some((weight.parse().ok()?, piece))
        });
        let base = lines.next().map_or(0, |(base, _)| base);
        let weights = lines.map(|(weight, piece)| (key(piece.split(' ').map(token_key)), weight));
        Self { base, weights: Weights::of(&weights.collect::<Vec<_>>()) }
    }

    /// Judges a folded text.
    pub(super) fn judged(&self, folded: &[char]) -> Judged {
        let tokens = tokens(folded);
        let known: Vec<Known> = (0..tokens.len()).flat_map(|at| self.known(&tokens, at)).collect();
        let windows = tokens.len().saturating_sub(WINDOW).div_ceil(STEP) + 1;
        let parts = (0..windows).map(|window| {
            let tokens_of = window * STEP..(window * STEP + WINDOW).min(tokens.len());
            self.of_window(&tokens, &known, tokens_of)
        });
        let none = Judged { odds: self.base, known: 0, place: 0..0 };
        parts.max_by_key(|part| part.odds).unwrap_or(none)
    }

    fn known(&self, tokens: &[Token], at: usize) -> impl Iterator<Item = Known> {
        let token = tokens.get(at..).unwrap_or_default();
        (1..=LONGEST.min(token.len())).filter_map(move |length| {
            let piece = key(token.get(..length)?.iter().map(|token| token.key));
            self.weights.get(piece).map(|weight| Known { piece, at, end: at + length, weight })
        })
    }

    fn of_window(&self, tokens: &[Token], known: &[Known], window: Range<usize>) -> Judged {
        let from = known.partition_point(|known| known.at < window.start);
        let within = known.iter().skip(from).take_while(|known| known.at < window.end);
        let mut pieces: Vec<&Known> = within.filter(|known| known.end <= window.end).collect();
        pieces.sort_unstable_by_key(|known| known.piece);
        pieces.dedup_by_key(|known| known.piece);
        let sum: i64 = pieces.iter().map(|known| i64::from(known.weight)).sum();
        let place = |at: usize| tokens.get(at).map(|token| token.place.clone());
        let first = place(window.start).map_or(0, |place| place.start);
        let last = window.end.checked_sub(1).and_then(place).map_or(first, |place| place.end);
        Judged { odds: self.base + scaled(sum, pieces.len()), known: pieces.len(), place: first..last }
    }
}

/// The sum of so many weights over the square root of their number.
#[allow(clippy::cast_possible_truncation, reason = "weights are small")]
fn scaled(sum: i64, pieces: usize) -> i32 {
    (sum as f64 / (pieces as f64 + 1.0).sqrt()) as i32
}

/// A piece of a text that has a weight.
#[derive(Debug, Clone, Copy)]
struct Known {
    piece: Key,
    /// Its first token, and the first behind it.
    at: usize,
    end: usize,
    weight: i32,
}

/// A word, a number, a sign or an ideograph.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    key: Key,
    place: Range<usize>,
}

/// The tokens of a folded text, with one each before and behind all of them.
fn tokens(folded: &[char]) -> Vec<Token> {
    let mut tokens = vec![Token { key: token_key("^"), place: 0..0 }];
    let mut at = 0;
    while let Some(&c) = folded.get(at) {
        let run = |belongs: fn(char) -> bool| {
            folded.get(at..).unwrap_or_default().iter().take_while(|c| belongs(**c)).count()
        };
        let (length, key) = match c {
            '\n' => (1, Some(token_key("\\n"))),
            _ if c.is_whitespace() => (1, None),
            _ if c.is_ascii_digit() => (run(|c| c.is_ascii_digit()), Some(token_key("0"))),
            _ if is_letter(c) => {
                let length = run(is_letter);
                let word = folded.get(at..at + length).unwrap_or_default();
                (length, Some(chars_key(word.iter().copied())))
            }
            _ => (1, Some(chars_key([c].into_iter()))),
        };
        tokens.extend(key.map(|key| Token { key, place: at..at + length }));
        at += length;
    }
    tokens.push(Token { key: token_key("$"), place: at..at });
    tokens
}

fn is_letter(c: char) -> bool {
    c.is_ascii_lowercase() || c == '\''
}

/// The pieces that a text consists of, as the weights name them; those of a single ideograph say too little.
#[cfg(test)]
pub(super) fn pieces(folded: &[char]) -> std::collections::BTreeSet<String> {
    let tokens = tokens(folded);
    let name = |token: &Token| match folded.get(token.place.clone()).unwrap_or_default() {
        [] if token.key == token_key("^") => "^".to_owned(),
        [] => "$".to_owned(),
        ['\n'] => "\\n".to_owned(),
        [first, ..] if first.is_ascii_digit() => "0".to_owned(),
        chars => chars.iter().collect(),
    };
    let names: Vec<String> = tokens.iter().map(name).collect();
    let lengths = (1..=LONGEST).flat_map(|length| names.windows(length));
    lengths
        .filter(|piece| piece.len() > 1 || !piece[0].starts_with(|c| c >= IDEOGRAPHS))
        .map(|piece| piece.join(" "))
        .collect()
}

fn token_key(token: &str) -> Key {
    chars_key(token.chars())
}

fn chars_key(chars: impl Iterator<Item = char>) -> Key {
    key(chars.map(u64::from))
}

/// FNV over numbers, then mixed, so that the lower bits depend on all.
fn key(parts: impl Iterator<Item = u64>) -> Key {
    let hash =
        parts.fold(0xcbf2_9ce4_8422_2325_u64, |hash, part| (hash ^ part).wrapping_mul(0x0100_0000_01b3));
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// Weights by the hashes of their pieces; open addressing, at most half full.
#[derive(Debug)]
struct Weights(Vec<Option<(Key, i32)>>);

impl Weights {
    fn of(all: &[(Key, i32)]) -> Self {
        let mut weights = Self(vec![None; (2 * all.len()).next_power_of_two().max(2)]);
        for (key, weight) in all {
            let place = weights.place(*key);
            if let Some(free) = weights.0.get_mut(place) {
                *free = Some((*key, *weight));
            }
        }
        weights
    }

    fn get(&self, key: Key) -> Option<i32> {
        self.0.get(self.place(key)).copied().flatten().map(|(_, weight)| weight)
    }

    /// Where a key is or goes.
    fn place(&self, key: Key) -> usize {
        let mask = self.0.len() - 1;
        let mut place = key as usize & mask;
        while self.0.get(place).is_some_and(|there| there.is_some_and(|(known, _)| known != key)) {
            place = (place + 1) & mask;
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn a_text_is_made_of_words_numbers_signs_and_runs_of_ideographs() {
        let expected = [
            "$",
            "! $",
            "!",
            "0",
            "0 忽",
            "0 忽 略",
            "^",
            "^ don't",
            "^ don't 0",
            "don't",
            "don't 0",
            "don't 0 忽",
            "忽 略",
            "忽 略 !",
            "略 !",
            "略 ! $",
        ];
        assert_eq!(pieces(&folded("don't 123忽略!")), expected.map(str::to_owned).into());
    }

    #[test]
    fn a_text_scores_the_sum_of_its_known_pieces_each_once() {
        let wording = Wording::of("-100\t\n3000\tignore\n-1000\tignore me\n500\t忽 略");
        assert_eq!(wording.judged(&folded("ok")).odds, -100);
        assert_eq!(wording.judged(&folded("ignore ignore me")).odds, -100 + 1154);
        assert_eq!(wording.judged(&folded("忽略")), Judged { odds: -100 + 353, known: 1, place: 0..2 });
    }

    #[test]
    fn an_order_in_a_long_text_counts_as_if_it_stood_alone() {
        let wording = Wording::of("0\t\n-100\tword\n3000\tignore everything");
        let long = format!("{}ignore everything {}", "word ".repeat(500), "word ".repeat(500));
        let found = wording.judged(&folded(&long));
        assert!(found.odds > 1500 && found.place.contains(&2500), "{found:?}");
    }
}
