//! Check digits: what is generated is found, and what one slip makes of it is not.

use proptest::prelude::*;

use crate::personal::checksum::{hong_kong, luhn, mod_11_2, mod_31, mod_97, taiwan};
use crate::personal::{Kind, Recogniser};

/// The kinds found in a text.
fn kinds(text: &str) -> Vec<Kind> {
    Recogniser::default().recognise(text).into_iter().map(|found| found.kind).collect()
}

/// The number with the last character that makes it valid.
fn completed(body: &str, alphabet: &str, valid: impl Fn(&[u8]) -> bool) -> Option<String> {
    alphabet.chars().map(|c| format!("{body}{c}")).find(|number| valid(number.as_bytes()))
}

fn resident() -> impl Strategy<Value = String> {
    let region = prop::sample::select(&["110101", "310115", "440305", "659001", "810000", "510104"][..]);
    (region, 1950u32..2020, 1u32..=12, 1u32..=28, 0u32..1000).prop_map(|(region, year, month, day, order)| {
        completed(&format!("{region}{year}{month:02}{day:02}{order:03}"), "0123456789X", mod_11_2)
            .expect("one fits")
    })
}

fn card() -> impl Strategy<Value = String> {
    let prefix = prop::sample::select(&["622202", "621700", "436742", "511111", "222100", "411111"][..]);
    (prefix, 0u64..1_000_000_000).prop_map(|(prefix, body)| {
        completed(&format!("{prefix}{body:09}"), "0123456789", luhn).expect("one fits")
    })
}

fn company() -> impl Strategy<Value = String> {
    ("9[123]", "[0-9A-HJ-NP-RTUW-Y]{9}").prop_map(|(opening, body)| {
        completed(&format!("{opening}440305{body}"), "0123456789ABCDEFGHJKLMNPQRTUWXY", mod_31)
            .expect("one fits")
    })
}

/// The number with another digit at a place.
fn slipped(number: &str, place: usize, step: u8) -> Option<String> {
    let mut bytes = number.as_bytes().to_vec();
    let digit = bytes.get_mut(place).filter(|b| b.is_ascii_digit())?;
    *digit = b'0' + (*digit - b'0' + step) % 10;
    String::from_utf8(bytes).ok()
}

proptest! {
    #![proptest_config(mangle::cases(400))]

    #[test]
    fn a_resident_id_is_found_and_no_changed_digit_or_swapped_pair_is(
        number in resident(), place in 0usize..18, step in 1u8..10, pair in 0usize..17,
    ) {
        let text = format!("身份证{number}，谢谢");
        prop_assert_eq!(kinds(&text), [Kind::ResidentId]);
        if let Some(wrong) = slipped(&number, place, step) {
            prop_assert!(!mod_11_2(wrong.as_bytes()));
            prop_assert_eq!(kinds(&format!("身份证{wrong}，谢谢")), []);
        }
        let mut swapped = number.clone().into_bytes();
        swapped.swap(pair, pair + 1);
        if swapped != number.as_bytes() {
            prop_assert!(!mod_11_2(&swapped));
            let swapped = String::from_utf8(swapped).expect("digits");
            prop_assert_eq!(kinds(&format!("身份证{swapped}，谢谢")), []);
        }
    }

    #[test]
    fn a_card_is_found_and_no_changed_digit_is(number in card(), place in 0usize..16, step in 1u8..10) {
        prop_assert_eq!(kinds(&format!("卡号{number}")), [Kind::BankCard]);
        let wrong = slipped(&number, place, step).expect("digits");
        prop_assert!(!luhn(wrong.as_bytes()));
        prop_assert_eq!(kinds(&format!("卡号{wrong}")), []);
    }

    #[test]
    fn a_credit_code_is_found_and_no_changed_digit_is(code in company(), place in 8usize..18, step in 1u8..10) {
        prop_assert_eq!(kinds(&format!("代码{code}")), [Kind::SocialCreditCode]);
        if let Some(wrong) = slipped(&code, place, step) {
            prop_assert!(!mod_31(wrong.as_bytes()));
            prop_assert_eq!(kinds(&format!("代码{wrong}")), []);
        }
    }

    #[test]
    fn a_hong_kong_id_is_found_and_no_changed_digit_is(body in "[A-PR-Z]{1,2}[0-9]{6}", place in 0usize..8, step in 1u8..10) {
        let Some(number) = completed(&body, "0123456789A", hong_kong) else { return Ok(()) };
        let bracketed = |number: &str| format!("{}({})", &number[..number.len() - 1], &number[number.len() - 1..]);
        prop_assert_eq!(kinds(&bracketed(&number)), [Kind::HongKongId]);
        if let Some(wrong) = slipped(&number, place, step) {
            prop_assert_eq!(kinds(&bracketed(&wrong)), []);
        }
    }

    #[test]
    fn a_taiwan_id_is_found_and_no_changed_digit_is(body in "[A-Z][1289][0-9]{7}", place in 2usize..10, step in 1u8..10) {
        let number = completed(&body, "0123456789", taiwan).expect("one fits");
        prop_assert_eq!(kinds(&format!("身分證{number}")), [Kind::TaiwanId]);
        let wrong = slipped(&number, place, step).expect("digits");
        // The first weight of 9 and the others are prime to 10 or not: a slip of 5 in an even place goes unseen by design.
        if !taiwan(wrong.as_bytes()) {
            prop_assert_eq!(kinds(&format!("身分證{wrong}")), []);
        }
    }

    #[test]
    fn an_account_is_found_and_no_changed_digit_is(body in "[0-9]{18}", place in 4usize..22, step in 1u8..10) {
        let account = (2..99).map(|check| format!("DE{check:02}{body}")).find(|account| mod_97(account.as_bytes()));
        let account = account.expect("one fits");
        prop_assert_eq!(kinds(&account), [Kind::Iban]);
        prop_assert_eq!(kinds(&slipped(&account, place, step).expect("digits")), []);
    }

    #[test]
    fn a_mobile_number_is_found_in_every_grouping_and_not_inside_a_longer_one(
        number in "1[3-9][0-9]{9}", separator in "[ .\\-]?", more in "[0-9]", order in "[2-9]",
    ) {
        let grouped = format!("{}{separator}{}{separator}{}", &number[..3], &number[3..7], &number[7..]);
        prop_assert_eq!(kinds(&format!("电话{grouped}。")), [Kind::Mobile]);
        for longer in [format!("电话{grouped}{more}。"), format!("电话{order}{grouped}。")] {
            prop_assert!(!kinds(&longer).contains(&Kind::Mobile), "{}", longer);
        }
    }
}
