//! How alike two texts are, by the pieces of characters that they share.

use super::same::normal;

/// The longest pieces that are counted.
const LONGEST: usize = 6;
/// Characters of a text that are compared.
const MOST_CHARACTERS: usize = 8_000;

/// From 0 to 1: the F1 of pieces of 1 to 6 characters, as chrF has it (M. Popović, "chrF: character n-gram F-score for automatic MT evaluation", 2015)
/// but the same whichever text comes first (its β is 1, not 2).
///
/// Both texts are brought into the form of [`normal`] and cut at 8,000 characters. For each length n that either text has pieces of, precision is the share of the second
/// text's pieces that the first one has as well, each as often as it stands there, and recall the same of the first's. Both are
/// averaged over the lengths, and the result is their harmonic mean. Two empty texts are alike, an empty one and another are not.
pub fn similarity(one: &str, other: &str) -> f64 {
    let (one, other) = (cut(one), cut(other));
    if one == other {
        return 1.0;
    }
    let (mut precision, mut recall, mut lengths) = (0.0, 0.0, 0.0);
    for length in 1..=LONGEST {
        let (ours, theirs) = (pieces(&one, length), pieces(&other, length));
        if ours.is_empty() && theirs.is_empty() {
            break;
        }
        let shared = shared(&ours, &theirs) as f64;
        lengths += 1.0;
        precision += shared / (theirs.len() as f64).max(1.0);
        recall += shared / (ours.len() as f64).max(1.0);
    }
    let (precision, recall) = (precision / lengths, recall / lengths);
    if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
}

fn cut(text: &str) -> Vec<char> {
    let mut text = normal(text);
    text.truncate(MOST_CHARACTERS);
    text
}

/// All pieces of a length, sorted.
fn pieces(text: &[char], length: usize) -> Vec<&[char]> {
    let mut pieces: Vec<&[char]> = text.windows(length).collect();
    pieces.sort_unstable();
    pieces
}

/// How many pieces two sorted lists share, each as often as it is in both.
fn shared(ours: &[&[char]], theirs: &[&[char]]) -> usize {
    let (mut ours, mut theirs) = (ours.iter().peekable(), theirs.iter().peekable());
    let mut shared = 0;
    while let (Some(one), Some(other)) = (ours.peek(), theirs.peek()) {
        let _stepped = match one.cmp(other) {
            std::cmp::Ordering::Less => ours.next(),
            std::cmp::Ordering::Greater => theirs.next(),
            std::cmp::Ordering::Equal => {
                shared += 1;
                theirs.next();
                ours.next()
            }
        };
    }
    shared
}
