//! What can be counted in a text without a vocabulary.

use super::asked::{Asked, units};
use super::folded::chinese;
use super::lexicon::{Group, Hit};

/// Units of the shortest passage.
const PASSAGE: usize = 26;

/// Counts, each capped where more of it says nothing more.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Units of what is asked, as a power of two.
    pub(super) length: i32,
    /// What is asked has hardly a word.
    pub(super) tiny: i32,
    /// Numbers.
    pub(super) numbers: i32,
    /// Questions beyond the first.
    pub(super) questions: i32,
    /// Clauses beyond the first.
    pub(super) clauses: i32,
    /// Marks of code.
    pub(super) marks: i32,
    /// Lines of a stack trace.
    pub(super) trace: i32,
    /// Signs of mathematics.
    pub(super) signs: i32,
    /// Items of a list.
    pub(super) items: i32,
    /// Material that is told or pasted, as a power of two.
    pub(super) material: i32,
    /// What is told or pasted is a passage: more than a sentence.
    pub(super) is_passage: bool,
    /// It is long, and nothing is asked in it.
    pub(super) nothing: i32,
    /// No cue was found in it.
    pub(super) unknown: i32,
    /// It can be answered with yes or no.
    pub(super) polar: i32,
    /// A case with figures: numbers in clauses.
    pub(super) figures: i32,
}

impl Shape {
    pub(super) fn new(text: &[char], hits: &[Hit], asked: &Asked) -> Self {
        let wanted: Vec<char> =
            text.iter().enumerate().filter(|(n, _)| asked.holds(*n)).map(|(_, c)| *c).collect();
        let fillers: usize = hits
            .iter()
            .filter(|hit| hit.group == Group::Filler)
            .map(|hit| units(text.get(hit.at..hit.end).unwrap_or_default()))
            .sum();
        let size = units(&wanted).saturating_sub(fillers);
        let rest = units(text).saturating_sub(size + fillers);
        let opening = if asked.holds(0) { opening(text, hits) } else { 0 };
        let figures = numbers(if asked.pasted { wanted.as_slice() } else { text });
        let of = |marks: &[char]| wanted.iter().skip(opening).filter(|c| marks.contains(c)).count();
        Self {
            length: log2(size),
            tiny: i32::from(size <= 4),
            numbers: figures.min(6),
            questions: capped(of(&['?']).saturating_sub(1), 3),
            clauses: capped(of(&[',', ';', ':']), 6),
            marks: capped(code(text), 6),
            trace: capped(trace(text), 4),
            signs: capped(signs(text), 5),
            items: capped(items(text), 6),
            material: log2(rest),
            is_passage: rest >= PASSAGE,
            nothing: i32::from(asked.nothing),
            polar: i32::from(polar(wanted.get(opening..).unwrap_or_default())),
            figures: figures.min(capped(of(&[',', ';', ':']), 4)),
            unknown: i32::from(hits.iter().all(|hit| hit.group.quiet())),
        }
    }
}

fn capped(count: usize, most: i32) -> i32 {
    i32::try_from(count).unwrap_or(most).min(most)
}

fn log2(count: usize) -> i32 {
    count.checked_ilog2().map_or(0, |power| i32::try_from(power).unwrap_or_default())
}

/// Runs of digits, and Chinese numerals but for a lone one.
fn numbers(text: &[char]) -> i32 {
    let mut count = 0;
    let mut before = ' ';
    for c in text {
        let digit = |c: char| {
            matches!(
                c,
                '0'..='9' | '两' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百' | '千' | '万'
            )
        };
        if digit(*c) && !digit(before) && !before.is_ascii_alphabetic() && before != '.' && before != '周' {
            count += 1;
        }
        before = *c;
    }
    count
}

/// Marks that stand in code and seldom in prose.
fn code(text: &[char]) -> usize {
    text.iter().filter(|c| matches!(c, '{' | '}' | '[' | ']' | ';' | '_' | '<' | '>' | '=' | '(')).count() / 2
}

/// Where the first word stands that is neither a greeting nor a filler.
fn opening(text: &[char], hits: &[Hit]) -> usize {
    let mut at = 0;
    for hit in hits.iter().filter(|hit| matches!(hit.group, Group::Filler | Group::Greet)) {
        let between = text.get(at..hit.at).unwrap_or_default();
        if between.iter().any(|c| c.is_alphanumeric()) {
            break;
        }
        at = hit.end;
    }
    at + text.get(at..).unwrap_or_default().iter().take_while(|c| !c.is_alphanumeric()).count()
}

/// Ends in a Chinese particle of such questions, or begins with an English verb of them.
fn polar(text: &[char]) -> bool {
    let last = text.iter().rev().find(|c| c.is_alphanumeric());
    let first: String = text.iter().take_while(|c| c.is_ascii_alphabetic()).take(6).collect();
    let verbs =
        ["is", "are", "was", "were", "do", "does", "did", "can", "could", "will", "has", "have", "may", "am"];
    last.is_some_and(|c| "吗不没否吧".contains(*c)) || verbs.contains(&first.as_str())
}

/// Lines that name a place in code.
fn trace(text: &[char]) -> usize {
    text.split(|c| *c == '\n')
        .filter(|line| {
            let line: String = line.iter().take(12).collect();
            let line = line.trim_start();
            line.starts_with("at ") || line.starts_with("file \"") || line.starts_with("caused by")
        })
        .count()
}

fn signs(text: &[char]) -> usize {
    text.iter()
        .filter(|c| {
            matches!(
                c,
                '=' | '^'
                    | '+'
                    | '²'
                    | '³'
                    | '√'
                    | '≤'
                    | '≥'
                    | '≠'
                    | '∑'
                    | '∫'
                    | '→'
                    | '∈'
                    | '∀'
                    | '∃'
                    | 'π'
            )
        })
        .count()
}

/// Lines or clauses that begin with a number or a bullet.
fn items(text: &[char]) -> usize {
    let mut count = 0;
    let mut start = true;
    for pair in text.windows(2) {
        let [a, b] = pair else { continue };
        let bullet = matches!(a, '-' | '*' | '•') && *b == ' ';
        let number = a.is_ascii_digit() && matches!(b, '.' | ')' | ',');
        count += usize::from(start && (bullet || number));
        start = matches!(a, '\n' | '。' | ';' | ':') || (start && *a == ' ') || (*a == ' ' && !chinese(*b));
    }
    count
}
