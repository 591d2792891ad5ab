//! Check digits. Each function takes characters that have been collected without separators.

/// Whether the last of 18 characters is the check character of the 17 digits before it (ISO 7064 MOD 11-2, as GB 11643 uses it).
pub(super) fn mod_11_2(number: &[u8]) -> bool {
    const CHECK: &[u8; 11] = b"10X98765432";
    let Some((last, digits)) = number.split_last() else { return false };
    let mut sum = 0;
    for digit in digits {
        let Some(value) = value(*digit).filter(|value| *value < 10) else { return false };
        sum = (sum + value) * 2 % 11;
    }
    digits.len() == 17 && CHECK.get(sum as usize) == Some(&last.to_ascii_uppercase())
}

/// Whether the digits sum up as ISO/IEC 7812 asks (Luhn).
pub(super) fn luhn(digits: &[u8]) -> bool {
    let mut sum = 0;
    for (place, digit) in digits.iter().rev().enumerate() {
        let Some(value) = value(*digit).filter(|value| *value < 10) else { return false };
        sum += match place % 2 {
            0 => value,
            _ => value * 2 / 10 + value * 2 % 10,
        };
    }
    !digits.is_empty() && sum % 10 == 0
}

/// Whether the last of 18 characters is the check character of a unified social credit code (GB 32100).
pub(super) fn mod_31(code: &[u8]) -> bool {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 18] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1];
    let mut sum = 0;
    for (c, weight) in code.iter().zip(WEIGHTS) {
        let Some(value) = ALPHABET.iter().position(|known| *known == c.to_ascii_uppercase()) else {
            return false;
        };
        sum += value * weight;
    }
    code.len() == 18 && sum % 31 == 0
}

/// Whether the characters after the first four, then those four, leave 1 of 97 (ISO 13616).
pub(super) fn mod_97(account: &[u8]) -> bool {
    let (Some(head), Some(tail)) = (account.get(..4), account.get(4..)) else { return false };
    let mut rest = 0;
    for c in tail.iter().chain(head) {
        let Some(value) = value(*c) else { return false };
        rest = (rest * if value > 9 { 100 } else { 10 } + value) % 97;
    }
    rest == 1
}

/// Whether one or two letters, six digits and a check character make a Hong Kong identity card number.
pub(super) fn hong_kong(number: &[u8]) -> bool {
    let letters = number.iter().take_while(|c| c.is_ascii_alphabetic()).count();
    if !(1..=2).contains(&letters) || number.len() != letters + 7 {
        return false;
    }
    // A missing first letter counts as a space, which has the value 36.
    let mut sum = if letters == 1 { 36 * 9 } else { 0 };
    for (c, weight) in number.iter().zip((1..=(7 + letters as u32)).rev()) {
        let Some(value) = value(*c) else { return false };
        sum += value * weight;
    }
    sum % 11 == 0
}

/// Whether a letter, a digit or letter of the holder's sex, and eight digits make a Taiwan identity number.
pub(super) fn taiwan(number: &[u8]) -> bool {
    let [first, second, rest @ ..] = number else { return false };
    let (Some(first), Some(second)) = (taiwan_value(*first), value(*second)) else { return false };
    let second = if second < 10 { second } else { second_letter(second) };
    let mut sum = first / 10 + first % 10 * 9 + second * 8;
    for (c, weight) in rest.iter().zip([7, 6, 5, 4, 3, 2, 1, 1]) {
        let Some(value) = value(*c).filter(|value| *value < 10) else { return false };
        sum += value * weight;
    }
    rest.len() == 8 && sum % 10 == 0
}

fn second_letter(value: u32) -> u32 {
    // A to D have the codes 10 to 13, of which the second digit counts.
    value % 10
}

/// The code of a place's letter in Taiwan identity numbers.
fn taiwan_value(letter: u8) -> Option<u32> {
    const ORDER: &[u8; 26] = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let place = ORDER.iter().position(|known| *known == letter.to_ascii_uppercase())?;
    u32::try_from(place).ok().map(|place| place + 10)
}

/// 0 to 9 for digits, 10 to 35 for letters of either case.
fn value(c: u8) -> Option<u32> {
    char::from(c).to_digit(36)
}
