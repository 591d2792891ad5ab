//! Identity numbers with check digits: of residents, of companies, of Hong Kong and Taiwan.

use std::sync::LazyLock;

use super::border::{CARD, is_alone, is_apart};
use super::checksum::{hong_kong, mod_11_2, mod_31, taiwan};
use super::context::{after, before, names, names_thing};
use super::date::Years;
use super::hit::Hit;
use super::kind::Kind;
use super::plain::Plain;
use super::region::{is_division, is_province};
use super::run::Run;
use super::words::Words;

/// Words that may be attached to an identity number.
static IDENTITY: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "身份证|身份證|身份证号|身分證|身分证|证件|證件|证件号|id|idcard|id_card|idno|id card|sfz|\
         identity|证号|證號",
    )
});

/// Words that say that a number is from Hong Kong's identity card.
static HONG_KONG: LazyLock<Words> =
    LazyLock::new(|| Words::of("香港|港人|hkid|hong kong|hk id|身份证|身份證|证件|證件"));

/// Finds the identity number that begins with a run.
pub(super) fn find(plain: &Plain, run: &Run, start: usize, years: Years, hits: &mut Vec<Hit>) {
    let attached =
        if plain.before(start).is_ascii_alphabetic() { !names(plain, start, &IDENTITY) } else { false };
    if attached {
        return;
    }
    let kind = mainland(run, years)
        .or_else(|| company(run))
        .or_else(|| old_number(plain, run, start, years))
        .or_else(|| taiwanese(plain, run, start));
    if let Some((kind, count)) = kind
        && let Some(places) = run.places(0..count)
        && (is_apart(plain, start, places.end) || is_alone(plain, start, places.end, &IDENTITY))
    {
        hits.push(Hit { kind, range: places });
    }
    find_hong_kong(plain, run, start, hits);
}

/// A number of 18 characters with region, day of birth and check character; those of foreigners begin with 9.
fn mainland(run: &Run, years: Years) -> Option<(Kind, usize)> {
    let number = run.complete(18)?;
    let birth = number.get(6..14)?;
    if !mod_11_2(number) || !years.has(birth) {
        return None;
    }
    match number.first() {
        Some(b'9') if is_province(number.get(1..3)?) => Some((Kind::PermanentResidentId, 18)),
        _ if is_division(number.get(..6)?) => Some((Kind::ResidentId, 18)),
        _ => None,
    }
}

/// Whether a number has the form of a resident id, right or wrong: 18 digits with a day where the birth stands, or a division.
pub(super) fn is_resident_form(number: &[u8]) -> bool {
    let digits = number.get(..17).is_some_and(|body| body.iter().all(u8::is_ascii_digit));
    let latest = Years { newest: 2099 };
    let placed = number.get(..6).is_some_and(is_division);
    number.len() == 18 && digits && (placed || number.get(6..14).is_some_and(|birth| latest.has(birth)))
}

/// A number of 15 digits, as given until 1999; it has no check digit.
fn old_number(plain: &Plain, run: &Run, start: usize, years: Years) -> Option<(Kind, usize)> {
    let number = run.complete(15)?;
    if !number.iter().all(u8::is_ascii_digit) || !is_division(number.get(..6)?) {
        return None;
    }
    let birth = [b"19".as_slice(), number.get(6..12)?].concat();
    let named = names(plain, start, &IDENTITY);
    let is_thing = !named && (names_thing(plain, start) || names(plain, start, &CARD));
    (years.has(&birth) && !is_thing).then_some((Kind::ResidentId, 15))
}

/// A unified social credit code: authority, kind, division, body, check character.
fn company(run: &Run) -> Option<(Kind, usize)> {
    let code = run.complete(18)?;
    let division = code.get(2..8)?;
    let place = is_province(division.get(..2)?) || division.starts_with(b"10");
    // A wrong resident id would be a code by chance one time in thirty-one.
    if is_resident_form(code) {
        return None;
    }
    let opens = matches!(code, [b'1'..=b'9' | b'A' | b'N' | b'Y', b'1'..=b'9', ..]);
    (opens && place && division.iter().all(u8::is_ascii_digit) && mod_31(code))
        .then_some((Kind::SocialCreditCode, 18))
}

/// A letter, a sign of the sex and eight digits with a check digit.
fn taiwanese(plain: &Plain, run: &Run, start: usize) -> Option<(Kind, usize)> {
    let number = run.complete(10)?;
    let sexed = matches!(number, [b'A'..=b'Z', b'1' | b'2' | b'8' | b'9' | b'A'..=b'D', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
    (sexed && taiwan(number) && (names(plain, start, &IDENTITY) || !names_thing(plain, start)))
        .then_some((Kind::TaiwanId, 10))
}

/// One or two letters, six digits and a check character, which stands in brackets unless the words around say what the number is.
fn find_hong_kong(plain: &Plain, run: &Run, start: usize, hits: &mut Vec<Hit>) {
    for count in [8, 9] {
        let Some(number) = run.whole(count) else { continue };
        let formed = matches!(number.get(count - 7..), Some([digits @ .., b'0'..=b'9' | b'A']) if digits.iter().all(u8::is_ascii_digit));
        let letters =
            number.get(..count - 7).is_some_and(|letters| letters.iter().all(u8::is_ascii_uppercase));
        let Some(places) = run.places(0..count).filter(|_| formed && letters && hong_kong(number)) else {
            continue;
        };
        let bracketed = plain.before(places.end - 1) == '(' && plain.at(places.end) == ')';
        let end = if bracketed { places.end + 1 } else { places.end };
        let named = || before(plain, start, &HONG_KONG, 20) || after(plain, end, &HONG_KONG, 12);
        let joined = plain.before(start).is_ascii_alphanumeric() || plain.at(end).is_ascii_alphanumeric();
        if !joined && (bracketed || (!names_thing(plain, start) && named())) {
            hits.push(Hit { kind: Kind::HongKongId, range: start..end });
        }
    }
}
