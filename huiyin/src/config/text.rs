//! From the bytes of a file to its text: UTF-8, with or without a mark in front. What else editors and shells write is named
//! for what it is.

/// Bytes that are not UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotText {
    /// Line of the first byte that is wrong, from 1.
    pub(crate) line: usize,
    /// What they are instead.
    pub(crate) what: String,
}

/// The text, without a byte order mark.
pub(crate) fn text(bytes: Vec<u8>) -> Result<String, NotText> {
    if let Some(name) = wide(&bytes) {
        return Err(NotText { line: 1, what: format!("the file is {name}: save it as UTF-8") });
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line = bytes.iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        let what = if is_gbk(bytes) {
            "the file is not UTF-8, it looks like GBK (GB 18030): save it as UTF-8".to_owned()
        } else {
            let byte = bytes.get(at).copied().unwrap_or_default();
            format!("the file is not UTF-8, the first wrong byte is 0x{byte:02X}: save it as UTF-8")
        };
        NotText { line, what }
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// The name of an encoding of two or four bytes a character, by its mark or by its many zeros.
fn wide(bytes: &[u8]) -> Option<&'static str> {
    let zeros = |from: usize| {
        let of = bytes.iter().take(64).skip(from).step_by(2);
        let all = of.clone().count();
        all >= 4 && of.filter(|byte| **byte == 0).count() * 4 > all * 3
    };
    match bytes {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Some("UTF-32"),
        [0xFF, 0xFE, ..] => Some("UTF-16 (little endian)"),
        [0xFE, 0xFF, ..] => Some("UTF-16 (big endian)"),
        _ if zeros(1) && !zeros(0) => Some("UTF-16 (little endian)"),
        _ if zeros(0) && !zeros(1) => Some("UTF-16 (big endian)"),
        _ => None,
    }
}

/// Every byte beyond ASCII is part of a character of GB 18030, which GBK is most of.
fn is_gbk(mut bytes: &[u8]) -> bool {
    loop {
        bytes = match bytes {
            [] => return true,
            [0..=0x7F, rest @ ..]
            | [0x81..=0xFE, 0x40..=0x7E | 0x80..=0xFE, rest @ ..]
            | [0x81..=0xFE, 0x30..=0x39, 0x81..=0xFE, 0x30..=0x39, rest @ ..] => rest,
            _ => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> (usize, String) {
        let NotText { line, what } = text(bytes.to_vec()).unwrap_err();
        (line, what)
    }

    #[test]
    fn a_mark_in_front_is_no_part_of_the_text() {
        assert_eq!(text(b"\xEF\xBB\xBF# x\na = 1\n".to_vec()).unwrap(), "# x\na = 1\n");
        assert_eq!(text("a = \"小助手\"".into()).unwrap(), "a = \"小助手\"");
        assert_eq!(text(Vec::new()).unwrap(), "");
    }

    #[test]
    fn other_encodings_are_named_with_the_line_of_their_first_byte() {
        let utf16 = |text: &str, encode: fn(u16) -> [u8; 2]| {
            text.encode_utf16().flat_map(encode).collect::<Vec<u8>>()
        };
        for (bytes, line, what) in [
            // «小助手» and «回答» in GBK.
            (b"# x\nnames = [\"\xD0\xA1\xD6\xFA\xCA\xD6\"]\n".to_vec(), 2, "GBK"),
            (b"\n\n\nprompt = '\xBB\xD8\xB4\xF0'".to_vec(), 4, "GBK"),
            (utf16("\u{feff}[deployment]\n", u16::to_le_bytes), 1, "UTF-16 (little endian)"),
            (utf16("\u{feff}[deployment]\n", u16::to_be_bytes), 1, "UTF-16 (big endian)"),
            (utf16("[deployment]\nname = 1", u16::to_le_bytes), 1, "UTF-16 (little endian)"),
            (utf16("[deployment]\nname = 1", u16::to_be_bytes), 1, "UTF-16 (big endian)"),
            (b"\xFF\xFE\0\0[\0\0\0".to_vec(), 1, "UTF-32"),
            (b"a = 1\nb = 'caf\xE9'\n".to_vec(), 2, "0xE9"),
            (b"a = 1\nb = '\xFF\xFF'".to_vec(), 2, "0xFF"),
        ] {
            let (at, told) = refused(&bytes);
            assert!(at == line && told.contains(what) && told.contains("save it as UTF-8"), "{at}: {told}");
        }
    }
}
