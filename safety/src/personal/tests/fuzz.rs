//! Any text can be looked through: no panic, spans on borders of characters, in order, and the same findings each time.

use proptest::prelude::*;

use crate::personal::{Masking, Placeholders, Recogniser, Style, Styles, without_names};

/// Pieces of data and what stands around them.
fn pieces() -> BoxedStrategy<String> {
    let piece = prop_oneof![
        mangle::unicode(),
        prop::sample::select(
            &[
                "13800138000",
                "+86 ",
                "微信",
                "QQ：",
                "身份证",
                "11010519491231002X",
                "6222021234567890128",
                "@",
                "example.com",
                "192.168.1.1",
                "::",
                "fe80::1",
                "京A12345",
                "-----BEGIN PRIVATE KEY-----",
                "-----END PRIVATE KEY-----",
                "sk-",
                "护照",
                "E12345678",
                "生日",
                "1990年3月7日",
                "路12号",
                "广东省深圳市",
                "（",
                "）",
                "[PHONE_1]",
                "[ID_",
                "1",
                "-",
                " ",
                "０",
                "①",
                "一二三四五六七八九零",
                "A123456(3)",
                "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ1.",
                "zhang_88",
            ][..]
        )
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()).boxed()
}

proptest! {
    #![proptest_config(mangle::cases(2_000))]

    #[test]
    fn fuzz_personal(text in pieces()) {
        let mut recogniser = Recogniser::default();
        let found = recogniser.recognise(&text);
        prop_assert_eq!(&found, &recogniser.recognise(&text));
        let mut end = 0;
        for datum in &found {
            prop_assert!(datum.span.start >= end && datum.span.start < datum.span.end);
            prop_assert!(text.get(datum.span.clone()).is_some(), "{:?}", datum);
            end = datum.span.end;
        }
    }

    #[test]
    fn fuzz_restore(text in pieces(), answer in pieces()) {
        let (mut recogniser, mut placeholders) = (Recogniser::default(), Placeholders::default());
        let styles = Styles { default: Style::Placeholder, ..Styles::default() };
        let masking = Masking { styles: &styles, key: b"" };
        let hidden = placeholders.hide(&mut recogniser, "anna", &text, masking);
        prop_assert_eq!(recogniser.recognise(&hidden), [], "{:?}", hidden);
        // Nobody else is given anything back, whatever the model writes.
        for text in [&answer, &hidden] {
            let shown = placeholders.restored(Some("boris"), text);
            prop_assert_eq!(shown.given_back, 0);
            prop_assert_eq!(shown.written_end(shown.text.len()), text.len());
        }
        prop_assert_eq!(without_names(&answer).len(), answer.len());
    }
}
