//! Registration plates of mainland China (GA 36).

use std::ops::Range;

use super::among::Among;
use super::hit::Hit;
use super::kind::Kind;
use super::plain::Plain;

static PROVINCES: Among<44> = Among::of([
    '京', '津', '沪', '渝', '冀', '豫', '云', '辽', '黑', '湘', '皖', '鲁', '新', '苏', '浙', '赣', '鄂',
    '桂', '甘', '晋', '蒙', '陕', '吉', '闽', '贵', '粤', '青', '藏', '川', '宁', '琼', '滬', '蘇', '粵',
    '雲', '遼', '魯', '贛', '晉', '陝', '閩', '貴', '寧', '瓊',
]);
/// Characters that end plates of special use: police, learners, Hong Kong and Macau, trailers, embassies.
const ENDINGS: &str = "警学學港澳挂掛领領使试試超";

/// Whether a plate may begin with this character.
pub(super) fn begins(c: char) -> bool {
    PROVINCES.has(c)
}

/// Finds the plate that begins at a position.
pub(super) fn find(plain: &Plain, start: usize, hits: &mut Vec<Hit>) {
    let office = skip_gap(plain, start + 1);
    if !is_letter(plain.at(office)) || is_word(plain, start) {
        return;
    }
    let serial = skip_gap(plain, office + 1);
    if let Some(end) = serial_end(plain, serial) {
        hits.push(Hit { kind: Kind::LicensePlate, range: start..end });
    }
}

fn serial_end(plain: &Plain, start: usize) -> Option<usize> {
    let end = plain.skip(start, |c| c.is_ascii_alphanumeric());
    let serial: Vec<char> = plain.slice(start..end).iter().map(char::to_ascii_uppercase).collect();
    let special = ENDINGS.contains(plain.at(end)) && !plain.at(end).is_ascii();
    let letters = serial.iter().filter(|c| c.is_ascii_alphabetic()).count();
    if !serial.iter().all(|c| c.is_ascii_digit() || is_letter(*c)) || is_continued(plain, end) {
        return None;
    }
    match serial.as_slice() {
        [_, _, _, _] if special && letters <= 1 => Some(end + 1),
        // At most two letters are issued; people who make examples up take more.
        [_, _, _, _, _] if letters <= 4 => Some(end),
        [first, rest @ .., last] if rest.len() == 4 => is_new_energy(*first, rest, *last).then_some(end),
        _ => None,
    }
}

/// Six characters: the letter of the drive at the front, after which one more letter may stand, or at the end.
fn is_new_energy(first: char, middle: &[char], last: char) -> bool {
    let drive = |c: char| matches!(c, 'A'..='H' | 'J' | 'K');
    let digits =
        |range: Range<usize>| middle.get(range).is_some_and(|part| part.iter().all(char::is_ascii_digit));
    (drive(first) && digits(1..4) && last.is_ascii_digit())
        || (first.is_ascii_digit() && digits(0..4) && drive(last))
}

/// Whether the number goes on: a piece of an article number.
fn is_continued(plain: &Plain, end: usize) -> bool {
    matches!(plain.at(end), '-' | '.' | '_') && plain.at(end + 1).is_ascii_alphanumeric()
}

/// Whether the province is the last character of a word such as 最新 or 阿里云.
fn is_word(plain: &Plain, start: usize) -> bool {
    match plain.at(start) {
        '新' => "最更全重刷翻创崭革上出".contains(plain.before(start)),
        '云' | '雲' => "里讯訊为為彩白度风多".contains(plain.before(start)),
        _ => false,
    }
}

fn skip_gap(plain: &Plain, at: usize) -> usize {
    plain.skip(at, |c| matches!(c, ' ' | '.' | '-')).min(at + 2)
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() && !matches!(c, 'I' | 'O' | 'i' | 'o')
}
