//! Telephone numbers: mobiles and fixed lines of mainland China, and numbers abroad.

use super::border::{PHONE, is_alone};
use super::calling_code::national_lengths;
use super::hit::Hit;
use super::kind::Kind;
use super::plain::Plain;
use super::run::Run;

/// Digits of a mobile number.
const MOBILE: usize = 11;

/// How people group the digits of a mobile number.
const MOBILE_GROUPS: [&[usize]; 15] = [
    &[11],
    &[3, 4, 4],
    &[3, 8],
    &[7, 4],
    &[3, 3, 5],
    &[4, 4, 3],
    &[4, 3, 4],
    &[3, 5, 3],
    &[5, 6],
    &[6, 5],
    &[3, 2, 2, 2, 2],
    &[3, 4, 2, 2],
    &[3, 2, 3, 3],
    &[1, 3, 3, 4],
    &[1; 11],
];

/// How people group the digits of a fixed line without its area code.
const LINE_GROUPS: [&[usize]; 7] = [&[7], &[8], &[3, 4], &[4, 4], &[4, 3], &[2, 2, 2, 2], &[3, 5]];

/// What stands before the national number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prefix {
    None,
    /// 86 or 0086.
    China(usize),
    /// `+`, or a prefix of so many digits, before a country code other than China's.
    Abroad(usize),
}

/// Finds the telephone number that begins with a run.
pub(super) fn find(plain: &Plain, run: &Run, start: usize, hits: &mut Vec<Hit>) {
    if run.digits() < 7 {
        return;
    }
    let plus = plus_before(plain, start);
    let first = plus.unwrap_or(start);
    let found = match prefix(run, plus.is_some()) {
        Prefix::Abroad(offset) => abroad(run, offset).map(|count| (Kind::InternationalPhone, 0..count)),
        Prefix::China(offset) => mobile(run, offset)
            .map(|range| (Kind::Mobile, range))
            .or_else(|| line(run, offset, true).map(|range| (Kind::Landline, range))),
        Prefix::None => mobile(run, 0)
            .map(|range| (Kind::Mobile, range))
            .or_else(|| line(run, 0, false).map(|range| (Kind::Landline, range))),
    };
    let Some((kind, digits)) = found else { return };
    let Some(places) = run.places(0..digits.end) else { return };
    if is_alone(plain, first, places.end, &PHONE) {
        let first = if opens_bracket(plain, first, places.end) { first - 1 } else { first };
        hits.push(Hit { kind, range: first..places.end });
    }
}

/// Where the sign of an international number stands before its digits.
fn plus_before(plain: &Plain, start: usize) -> Option<usize> {
    let at = start.checked_sub(1)?;
    match (plain.at(at), plain.before(at)) {
        ('+', before) if !before.is_ascii_alphanumeric() => Some(at),
        ('(', '+') => Some(at - 1),
        (' ', '+') if !plain.before(at - 1).is_ascii_alphanumeric() && plain.has(start, "86") => Some(at - 1),
        _ => None,
    }
}

/// Whether a bracket before the number closes within it: `(010) 12345678`.
fn opens_bracket(plain: &Plain, first: usize, end: usize) -> bool {
    plain.before(first) == '(' && plain.slice(first..end).contains(&')')
}

fn prefix(run: &Run, plus: bool) -> Prefix {
    match run.text.as_slice() {
        [b'0', b'0', b'8', b'6', ..] => Prefix::China(4),
        [b'8', b'6', ..] if plus => Prefix::China(2),
        [b'8', b'6', b'1', b'3'..=b'9', ..] => Prefix::China(2),
        [b'8', b'6', ..] if run.groups_in(2).is_some() => Prefix::China(2),
        [b'0', b'0', b'8', b'5', b'2' | b'3', ..] | [b'0', b'0', b'8', b'8', b'6', ..] => Prefix::Abroad(2),
        _ if plus => Prefix::Abroad(0),
        _ => Prefix::None,
    }
}

/// The digits up to the end of a mobile number that begins after a prefix.
fn mobile(run: &Run, offset: usize) -> Option<std::ops::Range<usize>> {
    let end = offset + MOBILE;
    let number = run.whole(end)?.get(offset..)?;
    let valid = matches!(number, [b'1', b'3'..=b'9', ..]) && number.iter().all(u8::is_ascii_digit);
    let lengths = run.lengths(offset..end);
    let known = MOBILE_GROUPS.contains(&lengths.as_slice());
    (valid && known && !continues(run, end, lengths.len())).then_some(0..end)
}

/// Whether digits follow that belong to the same number: one digit too many, written apart.
fn continues(run: &Run, end: usize, groups: usize) -> bool {
    let Some(gap) = run.gap_after(end) else { return false };
    let next = run.ends().iter().find(|next| **next > end).copied().unwrap_or(end);
    let numeric = run.text.get(end..next).is_some_and(|text| text.iter().all(u8::is_ascii_digit));
    let another =
        run.text.get(end..).is_some_and(|rest| matches!(rest, [b'1', b'3'..=b'9', ..]) && next - end >= 3);
    match gap {
        '(' => false,
        ' ' | ')' | '\t' => numeric && groups > 1 && !another,
        _ => numeric,
    }
}

/// The digits up to the end of a fixed line's number, with its extension. After the country code the area code has no zero.
fn line(run: &Run, offset: usize, international: bool) -> Option<std::ops::Range<usize>> {
    let number = run.text.get(offset..)?;
    let (zero, area) = match number {
        [b'0', area @ ..] => (1, area),
        area if international => (0, area),
        _ => return None,
    };
    let area_digits = area_code(area)?;
    let local = offset + zero + area_digits;
    // The area code is one group; only its zero may stand apart, in brackets after the country code.
    let torn =
        run.ends().iter().any(|end| (offset + usize::from(international) * zero + 1..local).contains(end));
    if torn {
        return None;
    }
    let lengths: &[usize] = if area_digits == 2 { &[8] } else { &[8, 7] };
    let end = lengths.iter().map(|digits| local + digits).find(|end| is_line(run, local, *end))?;
    Some(0..with_extension(run, end)?)
}

fn is_line(run: &Run, local: usize, end: usize) -> bool {
    let Some(number) = run.whole(end).and_then(|text| text.get(local..)) else { return false };
    let apart = run.groups_in(local).is_some();
    let first = number.first().copied().unwrap_or_default();
    let opens = if apart { matches!(first, b'1'..=b'9') } else { matches!(first, b'2'..=b'8') };
    let lengths = run.lengths(local..end);
    opens && number.iter().all(u8::is_ascii_digit) && LINE_GROUPS.contains(&lengths.as_slice())
}

/// The end of a number with an extension of up to six digits after a hyphen; none when it goes on otherwise.
fn with_extension(run: &Run, end: usize) -> Option<usize> {
    let Some(gap) = run.gap_after(end) else { return Some(end) };
    let next = run.ends().iter().find(|next| **next > end).copied()?;
    let numeric = run.text.get(end..next)?.iter().all(u8::is_ascii_digit);
    match gap {
        '-' if numeric && next - end <= 6 => Some(next),
        '-' | '.' | '_' if numeric => None,
        _ => Some(end),
    }
}

/// How many digits the area code has, without its zero.
fn area_code(digits: &[u8]) -> Option<usize> {
    let digit = |at: usize| digits.get(at).filter(|b| b.is_ascii_digit()).map(|b| u32::from(b - b'0'));
    let (first, second) = (digit(0)?, digit(1)?);
    if (first == 1 && second == 0) || (first == 2 && second != 6) {
        return Some(2);
    }
    is_area(first * 100 + second * 10 + digit(2)?).then_some(3)
}

/// Whether a city has the area code 0 and these three digits.
fn is_area(code: u32) -> bool {
    matches!(code,
        310..=319 | 335 | 349..=359 | 370..=379 | 391..=398 | 410..=419 | 421 | 427 | 429 | 431..=439 | 451..=459 | 464
        | 467..=469 | 470..=479 | 482..=483 | 510..=519 | 523 | 527 | 530..=539 | 543 | 546 | 550..=566 | 570..=580
        | 591..=599 | 631..=635 | 660 | 662..=663 | 668 | 691..=692 | 701 | 710..=719 | 722 | 724 | 728 | 730..=739
        | 743..=746 | 750..=760 | 762..=763 | 766 | 768..=779 | 790..=799 | 812..=813 | 816..=818 | 825..=827
        | 830..=839 | 851..=859 | 870..=879 | 883 | 886..=888 | 891..=903 | 906 | 908..=909 | 911..=919 | 930..=939
        | 941 | 943 | 951..=955 | 970..=977 | 979 | 990..=999)
}

/// The digits of a number abroad: the whole run, with a country code and as many digits as that country has.
fn abroad(run: &Run, offset: usize) -> Option<usize> {
    let count = *run.ends().last()?;
    let digits = run.whole(count).filter(|text| text.iter().all(u8::is_ascii_digit))?.get(offset..)?;
    let (code, lengths) = national_lengths(digits)?;
    let national = digits.get(code..)?;
    // Some write the trunk zero in brackets: +44 (0)20 7946 0958.
    let national =
        national.strip_prefix(b"0").filter(|_| run.gap_after(offset + code).is_some()).unwrap_or(national);
    let north_american = code == 1 && digits.first() == Some(&b'1');
    let opens = !north_american || matches!(national, [b'2'..=b'9', _, _, b'2'..=b'9', ..]);
    (lengths.contains(&national.len()) && opens).then_some(count)
}
