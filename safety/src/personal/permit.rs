//! Passports and permits. Their numbers have no check digit in print, so that words around must say what they are.

use std::sync::LazyLock;

use super::context::{after, before, names, names_thing};
use super::hit::Hit;
use super::kind::Kind;
use super::plain::Plain;
use super::run::Run;
use super::words::Words;

static PASSPORT: LazyLock<Words> =
    LazyLock::new(|| Words::of("护照|護照|passport|passports|passport_no|passportno|护照号|護照號"));
static PERMIT: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "通行证|通行證|回乡证|回鄉證|台胞证|台胞證|臺胞證|回乡卡|回鄉卡|港澳证|港澳證|往来港澳|\
         往來港澳|入台证|入台證|大通证|travel permit|home return permit|return permit|permit|mtp|eep|\
         exit-entry permit|入境证|入境證|港澳居民来往内地|往来台湾",
    )
});
static RESIDENCE: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "永久居留|永居|外国人永久居留证|绿卡|綠卡|五星卡|permanent residence|permanent resident|\
         permanent id|residence permit|green card|居留证|居留證|居留许可|居留身份证|prc id",
    )
});

/// How far from the number the words may stand.
const REACH_BEFORE: usize = 32;
const REACH_AFTER: usize = 24;

/// Finds the number of a document that is one group of letters and digits.
pub(super) fn find(plain: &Plain, run: &Run, start: usize, hits: &mut Vec<Hit>) {
    let Some(count) = document_length(run) else { return };
    let Some(places) = run.places(0..count) else { return };
    let Some(text) = run.text.get(..count) else { return };
    if !stands_apart(plain, start, places.end) {
        return;
    }
    let near =
        |words| before(plain, start, words, REACH_BEFORE) || after(plain, places.end, words, REACH_AFTER);
    let kind = if is_permit(text) && near(&PERMIT) {
        Kind::TravelPermit
    } else if is_passport(text) && near(&PASSPORT) {
        Kind::Passport
    } else if is_residence(text) && near(&RESIDENCE) {
        Kind::PermanentResidentId
    } else {
        return;
    };
    let named = [&PERMIT, &PASSPORT, &RESIDENCE].iter().any(|words| names(plain, start, words));
    if named || !names_thing(plain, start) {
        hits.push(Hit { kind, range: places });
    }
}

/// The letters and digits of a number: the first group, or all groups when letters and digits are written apart.
fn document_length(run: &Run) -> Option<usize> {
    let first = *run.ends().first()?;
    if first >= 8 {
        return Some(first).filter(|first| run.complete(*first).is_some() && *first <= 15);
    }
    run.ends().iter().copied().find(|end| (8..=15).contains(end) && run.complete(*end).is_some())
}

fn stands_apart(plain: &Plain, start: usize, end: usize) -> bool {
    let (last, next) = (plain.before(start), plain.at(end));
    let decimal = |sign: char, digit: char| matches!(sign, '.' | '-' | '_') && digit.is_ascii_alphanumeric();
    !last.is_ascii_alphanumeric()
        && !next.is_ascii_alphanumeric()
        && !decimal(last, plain.at(start.wrapping_sub(2)))
        && !decimal(next, plain.at(end + 1))
}

fn shape(text: &[u8]) -> (usize, usize) {
    let letters = text.iter().take_while(|c| c.is_ascii_alphabetic()).count();
    let digits = text.iter().skip(letters).take_while(|c| c.is_ascii_digit()).count();
    (letters, if letters + digits == text.len() { digits } else { 0 })
}

/// Ordinary, service and diplomatic passports of the mainland, Hong Kong and Macau, and the usual forms abroad.
fn is_passport(text: &[u8]) -> bool {
    matches!((text.first(), shape(text)), (Some(b'D' | b'P' | b'S'), (1, 7)) | (_, (1, 8) | (2, 7) | (0, 9)))
}

/// Permits to and from Hong Kong, Macau and Taiwan.
fn is_permit(text: &[u8]) -> bool {
    matches!(
        (text.first(), shape(text)),
        (Some(b'H' | b'M'), (1, 8 | 10))
            | (Some(b'C' | b'W' | b'T' | b'L'), (1, 8))
            | (Some(b'C'), (2, 7))
            | (_, (0, 8 | 10))
    )
}

/// The form of a permanent residence card that was issued until 2017, and its successor of the same length.
fn is_residence(text: &[u8]) -> bool {
    shape(text) == (3, 12)
}
