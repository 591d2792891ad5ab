//! Whether two texts are equal to a reader who does not look at their form.

use safety::Folded;

/// A text in one form: of one width, in lower case and simplified characters as the filter folds it, without space, punctuation and symbols. Signs
/// between digits stay, and a minus before a number, so that 1.5 is not 15. A text of signs alone keeps them.
pub fn normal(text: &str) -> Vec<char> {
    let folded = Folded::of(text);
    let chars = folded.chars();
    let at = |index: usize| chars.get(index).copied();
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let counts = |index: usize, c: char| {
        let before = index.checked_sub(1).and_then(at);
        let in_number = ['.', ':', '/', '-'].contains(&c) && is_digit(before) && is_digit(at(index + 1));
        let is_minus = c == '-' && is_digit(at(index + 1)) && before.is_none_or(|c| !c.is_alphanumeric());
        c.is_alphanumeric() || in_number || is_minus
    };
    let kept: Vec<char> =
        chars.iter().enumerate().filter(|(index, c)| counts(*index, **c)).map(|(_, c)| *c).collect();
    if kept.is_empty() { text.chars().filter(|c| !c.is_whitespace()).collect() } else { kept }
}
