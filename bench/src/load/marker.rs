//! Numbers in texts, by which a message is known again wherever it comes out.

/// The number that stands after the last `mark` in a text and before a `#`.
pub(crate) fn number_after(text: &[u8], mark: &str) -> Option<u64> {
    let mark = mark.as_bytes();
    let at = text.windows(mark.len()).rposition(|window| window == mark)? + mark.len();
    let digits = text.get(at..)?.split(|byte| *byte == b'#').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::number_after;

    #[test]
    fn the_last_number_of_its_kind_is_found() {
        let text = b"ask#1# re#1# then ask#42# and re#7# more";
        assert_eq!((number_after(text, "ask#"), number_after(text, "re#")), (Some(42), Some(7)));
        assert_eq!((number_after(text, "to#"), number_after(b"ask#x#", "ask#")), (None, None));
    }
}
