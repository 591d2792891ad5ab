//! The form of a body that cannot be read, for logs and records. It shows what the body begins with and hides all unknown
//! words.

/// Most bytes that are looked at.
const LOOKED_AT: usize = 96;
/// Words of protocols and web pages. Any other word may come from a person.
const KNOWN: &[&str] = &[
    "html",
    "head",
    "title",
    "body",
    "doctype",
    "xml",
    "script",
    "meta",
    "id",
    "object",
    "model",
    "created",
    "choices",
    "index",
    "message",
    "messages",
    "delta",
    "role",
    "assistant",
    "content",
    "finish",
    "reason",
    "usage",
    "error",
    "errors",
    "code",
    "type",
    "param",
    "status",
    "data",
    "event",
    "detail",
    "success",
    "result",
    "true",
    "false",
    "null",
    "done",
];

/// The first bytes with every unknown word and every number as one star.
pub(super) fn shape(body: &[u8]) -> String {
    let begin = body.get(..LOOKED_AT).unwrap_or(body);
    match begin {
        [] => return "nothing".to_owned(),
        [0x1f, 0x8b, ..] => return "gzip".to_owned(),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => return "zstd".to_owned(),
        _ => {}
    }
    let text = String::from_utf8_lossy(begin);
    let mut shape = String::new();
    for piece in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
        if KNOWN.contains(&word.to_ascii_lowercase().as_str()) {
            shape.push_str(word);
        } else if !word.is_empty() && !shape.ends_with('*') {
            shape.push('*');
        }
        shape.extend(piece[word.len()..].chars().map(|sign| match sign {
            sign if sign.is_ascii_graphic() => sign,
            sign if sign.is_whitespace() => ' ',
            _ => '?',
        }));
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_shown_and_nothing_that_anybody_said() {
        let cases: [(&[u8], &str); 7] = [
            (b"", "nothing"),
            (b"\x1f\x8b\x08\0", "gzip"),
            (b"<html><title>Login</title>", "<html><title>*</title>"),
            (
                b"{\"id\":\"chatcmpl-9\",\"choices\":[{\"message\":{\"content\":\"my secret\"",
                "{\"id\":\"*-*\",\"choices\":[{\"message\":{\"content\":\"* *\"",
            ),
            ("身份证 110101199003070000".as_bytes(), "* *"),
            (b"sk-abc Bearer x", "*-* * *"),
            (b"\xff\xfe\0\n", "??? "),
        ];
        for (body, expected) in cases {
            assert_eq!(shape(body), expected);
        }
        assert!(shape(&[b'{'; 10_000]).len() <= LOOKED_AT);
    }
}
