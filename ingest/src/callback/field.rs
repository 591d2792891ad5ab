//! Fields that come as text or as a number.

use super::value::{Fields, Json};

/// A field as text; a number keeps its digits, so that 64-bit ids stay whole. Empty text counts as absent.
pub(crate) fn word(fields: &Fields<'_>, name: &str) -> Option<String> {
    match fields.get(name)? {
        Json::Text(text) if !text.is_empty() => Some(text.clone().into_owned()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A field as an id: text, or a whole number.
pub(crate) fn id(fields: &Fields<'_>, name: &str) -> Option<String> {
    fields.get(name).and_then(id_of)
}

/// A value as an id.
pub(super) fn id_of(value: &Json<'_>) -> Option<String> {
    match value {
        Json::Text(text) if !text.is_empty() => Some(text.clone().into_owned()),
        // A number with a fraction or an exponent has lost digits of the id.
        Json::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// A field as a time in milliseconds.
pub(crate) fn millis(fields: &Fields<'_>, name: &str) -> Option<schemas::Millis> {
    word(fields, name)?.parse().ok().filter(|millis| *millis > 0)
}

#[cfg(test)]
mod tests {
    use super::super::json::read;
    use super::*;

    #[test]
    fn large_ids_keep_every_digit_as_text_or_number() {
        let fields =
            read(r#"{"a":"1501234567890123457","b":1501234567890123457,"c":"","d":null,"e":[1]}"#).unwrap();
        let fields = fields.as_object().unwrap();
        assert_eq!(word(fields, "a").unwrap(), "1501234567890123457");
        assert_eq!(word(fields, "b").unwrap(), "1501234567890123457");
        assert_eq!(
            (word(fields, "c"), word(fields, "d"), word(fields, "e"), word(fields, "f")),
            (None, None, None, None)
        );
        assert_eq!(millis(fields, "b"), Some(1501234567890123457));
        assert_eq!((id(fields, "a"), id(fields, "b")), (word(fields, "a"), word(fields, "b")));
        let other = read(r#"{"t":"soon","i":12345678901234567890123,"n":-1.5}"#).unwrap();
        let other = other.as_object().unwrap();
        assert_eq!((id(other, "i"), id(other, "n"), millis(other, "t")), (None, None, None));
    }
}
