//! The divisions that an identity number can begin with.

use std::sync::LazyLock;

/// All codes, sorted.
static CODES: LazyLock<Vec<u32>> = LazyLock::new(|| parse(include_str!("regions.txt")));

/// The provinces' codes.
const PROVINCES: [u8; 35] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54,
    61, 62, 63, 64, 65, 71, 81, 82, 83,
];

/// Whether six digits are the code of a division, today or earlier.
pub(super) fn is_division(digits: &[u8]) -> bool {
    number(digits).is_some_and(|code| CODES.binary_search(&code).is_ok())
}

/// Whether two digits are the code of a province.
pub(super) fn is_province(digits: &[u8]) -> bool {
    number(digits).is_some_and(|code| PROVINCES.iter().any(|known| u32::from(*known) == code))
}

/// The number that ASCII digits write.
pub(super) fn number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}

fn parse(list: &str) -> Vec<u32> {
    let mut codes = Vec::with_capacity(8_000);
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.split(' ');
        let Some(prefix) = parts.next().and_then(|prefix| prefix.parse::<u32>().ok()) else { continue };
        codes.extend(parts.filter_map(|part| part.parse::<u32>().ok()).map(|last| prefix * 100 + last));
    }
    codes.sort_unstable();
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divisions_of_today_and_of_earlier_are_known_and_no_others() {
        for code in
            [&b"110101"[..], b"310115", b"440305", b"659001", b"810000", b"820000", b"510202", b"830000"]
        {
            assert!(is_division(code), "{code:?}");
        }
        for code in [&b"000000"[..], b"990101", b"110199", b"123456", b"11010", b"1101x1", b""] {
            assert!(!is_division(code), "{code:?}");
        }
    }

    #[test]
    fn every_line_of_the_list_is_read() {
        assert_eq!(CODES.len(), 7_424);
        assert!(CODES.windows(2).all(|two| two[0] < two[1]));
    }
}
