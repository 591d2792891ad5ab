//! Country codes of telephone numbers and how many digits follow them (ITU-T E.164).

use std::ops::RangeInclusive;

use super::region::number;

/// Country codes whose numbers are closely bounded: code, fewest and most digits of a number without the code.
const BOUNDED: [(u32, usize, usize); 41] = [
    (1, 10, 10),
    (7, 10, 10),
    (20, 9, 10),
    (27, 9, 9),
    (30, 10, 10),
    (31, 9, 9),
    (32, 8, 9),
    (33, 9, 9),
    (34, 9, 9),
    (36, 8, 9),
    (39, 6, 11),
    (40, 9, 9),
    (41, 9, 9),
    (43, 7, 13),
    (44, 9, 10),
    (45, 8, 8),
    (46, 7, 10),
    (47, 8, 8),
    (48, 9, 9),
    (49, 7, 12),
    (51, 8, 9),
    (52, 10, 10),
    (54, 10, 11),
    (55, 10, 11),
    (56, 9, 9),
    (57, 10, 10),
    (60, 7, 10),
    (61, 9, 9),
    (62, 8, 12),
    (63, 8, 10),
    (64, 8, 10),
    (65, 8, 8),
    (66, 8, 9),
    (81, 9, 10),
    (82, 8, 10),
    (84, 9, 10),
    (90, 10, 10),
    (91, 10, 10),
    (92, 9, 10),
    (94, 9, 9),
    (95, 7, 10),
];

/// The same of three digits.
const BOUNDED_LONG: [(u32, usize, usize); 14] = [
    (351, 9, 9),
    (353, 7, 9),
    (358, 6, 11),
    (380, 9, 9),
    (420, 9, 9),
    (852, 8, 8),
    (853, 8, 8),
    (855, 8, 9),
    (856, 8, 10),
    (880, 8, 10),
    (886, 8, 9),
    (966, 8, 9),
    (971, 8, 9),
    (972, 8, 9),
];

/// Digits of a number of any other country.
const OTHERS: RangeInclusive<usize> = 6..=11;

/// How many digits the country code of a number has, and how many may follow it.
pub(super) fn national_lengths(digits: &[u8]) -> Option<(usize, RangeInclusive<usize>)> {
    let code = |count: usize| digits.get(..count).and_then(number);
    let bounded = |list: &[(u32, usize, usize)], count: usize| {
        let code = code(count)?;
        list.iter().find(|(known, _, _)| *known == code).map(|(_, least, most)| (count, *least..=*most))
    };
    bounded(&BOUNDED, 1)
        .or_else(|| bounded(&BOUNDED, 2))
        .or_else(|| bounded(&BOUNDED_LONG, 3))
        .or_else(|| code(3).filter(|code| is_assigned(*code)).map(|_| (3, OTHERS)))
        .or_else(|| code(2).filter(|code| matches!(code, 53 | 58 | 93 | 98)).map(|_| (2, OTHERS)))
}

/// Whether a country code of three digits is given to a country.
fn is_assigned(code: u32) -> bool {
    matches!(code,
        211..=213 | 216 | 218 | 220..=269 | 290..=291 | 297..=299 | 350..=359 | 370..=382 | 385..=389 | 420..=423 | 500..=509
        | 590..=599 | 670 | 672..=683 | 685..=692 | 850 | 852..=853 | 855..=856 | 880 | 886 | 960..=968 | 970..=977
        | 992..=996 | 998)
}
