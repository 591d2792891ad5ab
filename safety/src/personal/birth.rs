//! Dates of birth: a day that exists, next to a word that says whose day it is.

use std::ops::Range;
use std::sync::LazyLock;

use super::context::names;
use super::date::Years;
use super::hit::Hit;
use super::kind::Kind;
use super::plain::{Plain, numeral};
use super::region::number;
use super::words::Words;

static BEFORE: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "生日|出生|出生日期|出生年月日|出生年月|生于|生於|出生于|出生於|诞生于|诞辰|生辰|dob|d.o.b|\
         birthday|birth date|birthdate|birth_date|date of birth|date_of_birth|born|born on|born in|\
         公历生日|阳历生日|农历生日|生日期|day of birth",
    )
});
const AFTER: &[&str] = &[
    "出生",
    "生的",
    "生人",
    "生日",
    "诞生",
    "is my birthday",
    "was born",
    "is his birthday",
    "is her birthday",
    "(birthday",
    "(dob",
    "的生日",
    "是我生日",
    "是我的生日",
    "我出生",
];
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Finds the date that begins at a position, before which no letter or digit stands.
pub(super) fn find(plain: &Plain, start: usize, years: Years, hits: &mut Vec<Hit>) {
    let Some(end) = date_end(plain, start, years) else { return };
    let at = plain
        .skip(end, |c| matches!(c, ' ' | '(' | ',' | '日' | '号' | '這' | '这' | '天' | '是' | '我' | '的'));
    let told = names(plain, start, &BEFORE)
        || [end, at].iter().any(|at| AFTER.iter().any(|word| plain.has(*at, word)));
    let told = told || (plain.at(end) == '生' && !matches!(plain.at(end + 1), '\u{4e00}'..='\u{9fff}'));
    if told && !plain.at(end).is_ascii_digit() {
        hits.push(Hit { kind: Kind::BirthDate, range: start..end });
    }
}

fn date_end(plain: &Plain, start: usize, years: Years) -> Option<usize> {
    english(plain, start, years)
        .or_else(|| chinese(plain, start, years))
        .or_else(|| numeric(plain, start, years))
}

/// Digits from a position on, as a number, with their end.
fn digits(plain: &Plain, at: usize) -> Option<(u32, Range<usize>)> {
    let end = plain.skip(at, |c| c.is_ascii_digit());
    let text: String = plain.slice(at..end.min(at + 9)).iter().collect();
    number(text.as_bytes()).filter(|_| end > at).map(|value| (value, at..end))
}

/// 19900307, 1990-03-07, 1990/3/7, 1990.3.7, 07/03/1990, 3-7-1990.
fn numeric(plain: &Plain, start: usize, years: Years) -> Option<usize> {
    let (first, place) = digits(plain, start)?;
    if place.len() == 8 {
        return years.has_day(first / 10_000, first / 100 % 100, first % 100).then_some(place.end);
    }
    let separator = plain.at(place.end);
    if !matches!(separator, '-' | '/' | '.') {
        return None;
    }
    let (second, middle) = digits(plain, place.end + 1)?;
    let (third, last) = digits(plain, middle.end + 1).filter(|_| plain.at(middle.end) == separator)?;
    let exists = match (place.len(), last.len()) {
        (4, 1 | 2) => years.has_day(first, second, third),
        (1 | 2, 4) => years.has_day(third, first, second) || years.has_day(third, second, first),
        _ => false,
    };
    exists.then_some(last.end)
}

/// 1990年3月7日, also with Chinese numerals and with two digits of the year.
fn chinese(plain: &Plain, start: usize, years: Years) -> Option<usize> {
    let (year, at) = numerals(plain, start, '年', '年')?;
    let (month, at) = numerals(plain, at, '月', '月')?;
    let (day, at) = numerals(plain, at, '日', '号').or_else(|| numerals(plain, at, '號', '號'))?;
    let year = if year < 100 { year + 1900 } else { year };
    years.has_day(year, month, day).then_some(at)
}

/// A number in digits or Chinese numerals that ends in one of two signs.
fn numerals(plain: &Plain, start: usize, sign: char, other: char) -> Option<(u32, usize)> {
    let at = plain.skip(start, |c| c == ' ');
    let end = plain.skip(at, |c| c.is_ascii_digit() || c == '十' || numeral(c).is_some());
    let sign_at = plain.skip(end, |c| c == ' ');
    if end == at || end - at > 4 || (plain.at(sign_at) != sign && plain.at(sign_at) != other) {
        return None;
    }
    let mut value = 0;
    for place in at..end {
        let c = plain.at(place);
        value = match numeral(c).unwrap_or(c).to_digit(10) {
            Some(digit) if plain.before(place) == '十' && place > at => value + digit,
            Some(digit) => value * 10 + digit,
            None => value.max(1) * 10,
        };
    }
    Some((value, sign_at + 1))
}

/// March 7, 1990; 7 March 1990; 7th of March 1990.
fn english(plain: &Plain, start: usize, years: Years) -> Option<usize> {
    let (month, day, at) = match month(plain, start) {
        Some((month, at)) => {
            let (day, place) = digits(plain, plain.skip(at, |c| c == ' ' || c == '.'))?;
            (month, day, ordinal(plain, place.end))
        }
        None => {
            let (day, place) = digits(plain, start).filter(|(_, place)| place.len() <= 2)?;
            let at = plain.skip(ordinal(plain, place.end), |c| c == ' ');
            let at = if plain.has(at, "of ") { at + 3 } else { at };
            let (month, at) = month(plain, at)?;
            (month, day, at)
        }
    };
    let (year, place) = digits(plain, plain.skip(at, |c| matches!(c, ' ' | ',' | '.')))?;
    (place.len() == 4 && years.has_day(year, month, day)).then_some(place.end)
}

fn ordinal(plain: &Plain, at: usize) -> usize {
    if ["st", "nd", "rd", "th"].iter().any(|ending| plain.has(at, ending)) { at + 2 } else { at }
}

fn month(plain: &Plain, at: usize) -> Option<(u32, usize)> {
    let place = MONTHS.iter().position(|month| plain.has(at, month))?;
    let end = plain.skip(at, |c| c.is_ascii_alphabetic());
    u32::try_from(place + 1).ok().filter(|_| end - at <= 9).map(|month| (month, end))
}
