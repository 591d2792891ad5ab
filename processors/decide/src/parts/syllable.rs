//! What belongs together beyond what Unicode calls a grapheme cluster: the syllables of scripts that are written without spaces.

use icu_properties::CodePointMapData;
use icu_properties::props::{
    GeneralCategory as Category, GeneralCategoryGroup as Group, IndicSyllabicCategory as Role,
};

/// How close two neighbours are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bond {
    /// A reader sees them as one: a base and its signs, a stack of consonants.
    Firm,
    /// They are one syllable or word, but each would be legible alone.
    Loose,
    /// None.
    None,
}

/// Signs that are looked at on either side: no syllable has more.
const MOST_SIGNS: usize = 8;
/// Consonants that end a syllable at most.
const MOST_LETTERS: usize = 3;

/// Of what `before` ends with and `after` begins with.
pub(super) fn bond(before: &str, after: &str) -> Bond {
    let (Some(last), Some(next)) = (before.chars().next_back(), after.chars().next()) else {
        return Bond::None;
    };
    if last.is_ascii() && next.is_ascii() {
        let word = last.is_alphanumeric() && next.is_alphanumeric();
        return if word || (last, next) == ('\r', '\n') { Bond::Loose } else { Bond::None };
    }
    if depends(next) || holds(last, next) {
        Bond::Firm
    } else if has_spaces(last) && has_spaces(next)
        || is_silenced(after)
        || lacks_its_end(before, next)
        || glues(last, next)
    {
        Bond::Loose
    } else {
        Bond::None
    }
}

fn role(c: char) -> Role {
    CodePointMapData::<Role>::new().get(c)
}

fn is_mark(c: char) -> bool {
    Group::Mark.contains(CodePointMapData::<Category>::new().get(c))
}

fn is_letter(c: char) -> bool {
    Group::Letter.contains(CodePointMapData::<Category>::new().get(c))
}

/// A sign that is nothing without what it follows: marks, vowels and tones that follow their consonant, signs of repetition.
fn depends(c: char) -> bool {
    if is_mark(c) || matches!(c, '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{e46}' | '\u{ec6}') {
        return true;
    }
    let follows = matches!(
        role(c),
        Role::VowelDependent | Role::ToneMark | Role::ConsonantFinal | Role::SyllableModifier
    );
    follows && is_letter(c) && !leads(c)
}

/// A vowel that is written in front of its consonant (Thai, Lao, New Tai Lue, Tai Viet: `Logical_Order_Exception`).
fn leads(c: char) -> bool {
    matches!(c, '\u{e40}'..='\u{e44}' | '\u{ec0}'..='\u{ec4}' | '\u{19b5}'..='\u{19b7}' | '\u{19ba}'
        | '\u{aab5}' | '\u{aab6}' | '\u{aab9}' | '\u{aabb}' | '\u{aabc}')
}

/// A sign that holds on to what follows it: a joiner, a stacker, a leading vowel.
fn holds(last: char, next: char) -> bool {
    let stacks = matches!(role(last), Role::Virama | Role::InvisibleStacker) || leads(last);
    matches!(last, '\u{200d}' | '\u{2060}') || (stacks && is_letter(next))
}

/// A consonant without a vowel of its own, silenced or put on top of the next one, ends the syllable before it; with one that is
/// silenced go the bare ones in front of it.
fn is_silenced(after: &str) -> bool {
    let mut signs = after.chars().take(MOST_SIGNS).peekable();
    for letter in 0..MOST_LETTERS {
        if signs.next().is_none_or(|c| !is_letter(c) || role(c) == Role::Other) {
            return false;
        }
        let mut is_bare = true;
        while let Some(sign) = signs.next_if(|c| is_mark(*c)) {
            is_bare = false;
            let dead = match role(sign) {
                Role::ConsonantKiller => true,
                Role::PureKiller => letter == 0,
                Role::InvisibleStacker => letter == 0 && sign == '\u{1039}',
                Role::Virama => {
                    letter == 0 && signs.peek().is_none_or(|c| !is_letter(*c) && *c != '\u{200d}')
                }
                _ => false,
            };
            if dead {
                return true;
            }
        }
        if !is_bare {
            return false;
        }
    }
    false
}

/// The syllable is not over yet: a vowel that never stands at the end of one, or a letter of Tibetan, whose syllables end with a dot.
fn lacks_its_end(before: &str, next: char) -> bool {
    if tibetan(next) {
        return before.chars().next_back().is_some_and(tibetan);
    }
    let mut back =
        before.chars().rev().skip_while(|c| matches!(c, '\u{e48}'..='\u{e4b}' | '\u{ec8}'..='\u{ecb}'));
    match back.next() {
        Some('\u{e31}' | '\u{e37}' | '\u{e47}' | '\u{eb1}' | '\u{ebb}') => is_letter(next) && !leads(next),
        // Thai: a vowel around its consonant goes on behind it.
        Some('\u{e34}' | '\u{e35}') => {
            is_letter(next)
                && !leads(next)
                && back.take(MOST_SIGNS).take_while(|c| is_letter(*c)).any(|c| c == '\u{e40}')
        }
        _ => false,
    }
}

fn tibetan(c: char) -> bool {
    matches!(c, '\u{f40}'..='\u{f6c}' | '\u{f71}'..='\u{f84}' | '\u{f88}'..='\u{fbc}')
}

/// A letter or digit of a script that has spaces between its words.
fn has_spaces(c: char) -> bool {
    c < '\u{700}' && c.is_alphanumeric()
}

/// Spaces and hyphens that keep a line together.
fn glues(last: char, next: char) -> bool {
    [last, next].iter().any(|c| matches!(c, '\u{a0}' | '\u{202f}' | '\u{2007}' | '\u{2011}'))
}
