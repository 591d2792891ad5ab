//! Bank cards (ISO/IEC 7812 with the issuers' prefixes) and international account numbers (ISO 13616).

use super::border::{CARD, is_alone, is_apart};
use super::checksum::{luhn, mod_97};
use super::context::names;
use super::hit::Hit;
use super::identity::is_resident_form;
use super::kind::Kind;
use super::plain::Plain;
use super::region::number;
use super::run::Run;

/// First and last prefix of issuers, with the digits of the prefix and the lengths of the cards.
const ISSUERS: [(u32, u32, usize, &[usize]); 24] = [
    // UnionPay, and what Chinese banks issued before it.
    (62, 62, 2, &[16, 17, 18, 19]),
    (81, 81, 2, &[16, 17, 18, 19]),
    (955880, 955889, 6, &[19]),
    (9558, 9559, 4, &[16, 19]),
    (601382, 601382, 6, &[19]),
    (601428, 601428, 6, &[17]),
    (603367, 603367, 6, &[18]),
    (690755, 690755, 6, &[15, 16, 18]),
    (966666, 966666, 6, &[18]),
    (998801, 998802, 6, &[16]),
    // Visa, Mastercard, American Express.
    (4, 4, 1, &[13, 16, 19]),
    (51, 55, 2, &[16]),
    (2221, 2720, 4, &[16]),
    (34, 34, 2, &[15]),
    (37, 37, 2, &[15]),
    // Discover, JCB, Diners Club.
    (6011, 6011, 4, &[16, 19]),
    (644, 659, 3, &[16, 19]),
    (3528, 3589, 4, &[16, 19]),
    (300, 305, 3, &[14, 16]),
    (36, 36, 2, &[14]),
    (38, 39, 2, &[14, 16]),
    // Maestro, Mir.
    (5018, 5018, 4, &[13, 16, 19]),
    (6759, 6763, 4, &[13, 16, 18, 19]),
    (2200, 2204, 4, &[16, 17, 18, 19]),
];

/// How people group cards that are not in fours.
const GROUPS: [&[usize]; 8] =
    [&[4, 6, 5], &[4, 6, 4], &[6, 13], &[6, 10], &[8, 8], &[8, 11], &[6, 4, 6], &[6, 6, 7]];

/// Lengths of account numbers by country.
const ACCOUNTS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NL", 18),
    (b"NO", 15),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"SA", 24),
    (b"SC", 31),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
];

/// Finds the card or account number that begins with a run.
pub(super) fn find(plain: &Plain, run: &Run, start: usize, hits: &mut Vec<Hit>) {
    if let Some(places) = card(run).and_then(|count| run.places(0..count))
        && is_alone(plain, start, places.end, &CARD)
        // A wrong resident id would be a card by chance one time in ten.
        && (!run.whole(18).is_some_and(is_resident_form) || names(plain, start, &CARD))
    {
        hits.push(Hit { kind: Kind::BankCard, range: places });
    }
    if let Some(places) = account(run).and_then(|count| run.places(0..count))
        && is_apart(plain, start, places.end)
    {
        hits.push(Hit { kind: Kind::Iban, range: places });
    }
}

/// How many digits the card at the beginning of a run has.
fn card(run: &Run) -> Option<usize> {
    if run.digits() < 13 {
        return None;
    }
    (13..=19).rev().find(|count| {
        run.complete(*count).is_some_and(|digits| is_issued(digits) && luhn(digits))
            && is_grouped(&run.lengths(0..*count))
    })
}

fn is_grouped(lengths: &[usize]) -> bool {
    let Some((last, firsts)) = lengths.split_last() else { return false };
    let fours = firsts.iter().all(|length| *length == 4) && *last <= 7;
    let equal = firsts.iter().all(|length| length == last);
    firsts.is_empty() || fours || equal || GROUPS.contains(&lengths)
}

fn is_issued(digits: &[u8]) -> bool {
    ISSUERS.iter().any(|(first, last, prefix, lengths)| {
        lengths.contains(&digits.len())
            && digits.get(..*prefix).and_then(number).is_some_and(|prefix| (*first..=*last).contains(&prefix))
    })
}

/// How many characters the account number at the beginning of a run has.
fn account(run: &Run) -> Option<usize> {
    let [first, second, b'0'..=b'9', b'0'..=b'9', ..] = run.text.as_slice() else { return None };
    let (_, count) = ACCOUNTS.iter().find(|(country, _)| country == &&[*first, *second])?;
    run.whole(*count).is_some_and(mod_97).then_some(*count)
}
