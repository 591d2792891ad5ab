//! What is hidden comes back to its writer and to nobody else.

use proptest::prelude::*;

use crate::personal::{
    Kind, MOST_PLACEHOLDER_BYTES, MOST_PLACEHOLDERS, Masking, Placeholders, Recogniser, Style, Styles,
};

fn hide(placeholders: &mut Placeholders, writer: &str, text: &str) -> String {
    let styles = Styles::default();
    placeholders.hide(&mut Recogniser::default(), writer, text, Masking { styles: &styles, key: b"key" })
}

fn restored(placeholders: &Placeholders, reader: &str, text: &str) -> String {
    placeholders.restored(Some(reader), text).text
}

#[test]
fn a_number_has_one_placeholder_however_it_is_written_and_comes_back_as_it_was() {
    let mut placeholders = Placeholders::default();
    assert_eq!(hide(&mut placeholders, "anna", "打13800138000或021-65432100"), "打[PHONE_1]或[PHONE_2]");
    assert_eq!(hide(&mut placeholders, "anna", "就是+86 138-0013-8000"), "就是[PHONE_1]");
    assert_eq!(restored(&placeholders, "anna", "好的，我会打[PHONE_1]。"), "好的，我会打13800138000。");
    assert_eq!(restored(&placeholders, "anna", "**[phone 1]**，PHONE_2"), "**13800138000**，021-65432100");
}

#[test]
fn nobody_reads_what_another_wrote() {
    let mut placeholders = Placeholders::default();
    assert_eq!(hide(&mut placeholders, "anna", "我是13800138000"), "我是[PHONE_1]");
    assert_eq!(
        hide(&mut placeholders, "boris", "我也是13800138000，不是[PHONE_1]"),
        "我也是[PHONE_2]，不是[PHONE_1]"
    );
    assert_eq!(restored(&placeholders, "boris", "[PHONE_1] [PHONE_2]"), "[PHONE] 13800138000");
    assert_eq!(restored(&placeholders, "anna", "[PHONE_1] [PHONE_2]"), "13800138000 [PHONE]");
    assert_eq!(restored(&placeholders, "", "[PHONE_1]"), "[PHONE]");
    assert_eq!(placeholders.restored(None, "见[PHONE_1]").text, "见[PHONE]");
    assert_eq!(restored(&placeholders, "anna", "[PHONE_3] [EMAIL_1]"), "[PHONE_3] [EMAIL_1]");
}

#[test]
fn the_debug_form_has_no_datum() {
    let mut placeholders = Placeholders::default();
    hide(&mut placeholders, "anna", "我是13800138000");
    let debug = format!("{placeholders:?}");
    assert!(!debug.contains("138") && !debug.contains("anna"), "{debug}");
}

#[test]
fn the_map_is_bounded_and_the_oldest_goes_first() {
    let mut placeholders = Placeholders::default();
    for number in 0..2 * MOST_PLACEHOLDERS {
        hide(&mut placeholders, "anna", &format!("打{}", 13_800_000_000_u64 + number as u64));
    }
    assert_eq!(placeholders.len(), MOST_PLACEHOLDERS);
    assert_eq!(restored(&placeholders, "anna", "[PHONE_1] [PHONE_512]"), "[PHONE] 13800000511");
    let writer = "w".repeat(MOST_PLACEHOLDER_BYTES / 4);
    for number in 0..8 {
        hide(&mut placeholders, &writer, &format!("打{}", 13_900_000_000_u64 + number));
    }
    assert!(placeholders.len() < 4);
    assert!(serde_json::to_string(&placeholders).unwrap().len() < 2 * MOST_PLACEHOLDER_BYTES);
}

#[test]
fn the_map_survives_being_stored_and_a_number_is_never_given_again() {
    let mut placeholders = Placeholders::default();
    hide(&mut placeholders, "anna", "打13800138000");
    let mut stored: Placeholders =
        serde_json::from_str(&serde_json::to_string(&placeholders).unwrap()).unwrap();
    assert_eq!(stored, placeholders);
    stored.keep_named(["打[EMAIL_1]", "PHONE_1"]);
    assert!(stored.is_empty());
    assert_eq!(hide(&mut stored, "anna", "打13800138000"), "打[PHONE_2]");
}

#[test]
fn what_no_text_names_any_more_is_forgotten() {
    let mut placeholders = Placeholders::default();
    hide(&mut placeholders, "anna", "打13800138000或13900139000");
    placeholders.keep_named(["改打[PHONE_2]"]);
    assert_eq!(restored(&placeholders, "anna", "[PHONE_1]和[PHONE_2]"), "[PHONE]和13900139000");
}

#[test]
fn a_long_datum_that_is_named_again_and_again_makes_no_text_of_any_size() {
    let mut placeholders = Placeholders::default();
    let mail = format!("我的邮箱是{}@example.com", "a".repeat(60));
    assert_eq!(hide(&mut placeholders, "anna", &mail), "我的邮箱是[EMAIL_1]");
    let answer = "[EMAIL_1]".repeat(10_000);
    let shown = placeholders.restored(Some("anna"), &answer);
    assert!(shown.text.len() < 160_000 && shown.given_back > 900 && shown.withheld > 8_000, "{shown:?}");
    assert_eq!(shown.written_end(shown.text.len()), answer.len());
}

#[test]
fn each_kind_has_its_style() {
    let kinds = [
        (Kind::Mobile, Style::KeepEnds),
        (Kind::Email, Style::Off),
        (Kind::Qq, Style::Hash),
        (Kind::Ipv4, Style::Stars),
    ];
    let styles = Styles { default: Style::Placeholder, kinds: kinds.into() };
    let text = "打13800138000，邮箱a1@example.com，QQ：22334455，IP 10.20.30.40，身份证11010519491231002X";
    let masking = Masking { styles: &styles, key: b"key" };
    let hidden = Placeholders::default().hide(&mut Recogniser::default(), "anna", text, masking);
    let (before, after) = hidden.split_once("[QQ#").unwrap();
    assert_eq!(before, "打138****8000，邮箱a1@example.com，QQ：");
    assert!(after.ends_with("]，IP ***********，身份证[ID_1]"), "{after}");
}

proptest! {
    #![proptest_config(mangle::cases(300))]

    #[test]
    fn what_a_writer_hid_comes_back_to_the_writer(numbers in prop::collection::vec("1[3-9][0-9]{9}", 1..8), between in "[好的，。 ]{1,4}") {
        let mut placeholders = Placeholders::default();
        let text = numbers.iter().map(|number| format!("打{number}{between}")).collect::<String>();
        let hidden = hide(&mut placeholders, "anna", &text);
        for number in &numbers {
            prop_assert!(!hidden.contains(number.as_str()));
        }
        prop_assert_eq!(restored(&placeholders, "anna", &hidden), text);
        let other = placeholders.restored(Some("boris"), &hidden);
        prop_assert!(other.given_back == 0 && numbers.iter().all(|number| !other.text.contains(number.as_str())));
    }
}
