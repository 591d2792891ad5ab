//! Finds where a JSON value ends, without reading it.

/// How far a value was looked at.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Scan {
    at: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// A line has ended within the value.
    pub(super) took_lines: bool,
}

impl Scan {
    /// Where the object, array or string ends that `text` begins with, or nothing if its end has not come. When it is asked
    /// again, `text` begins as before and may be longer; each byte is looked at once.
    pub(super) fn end(&mut self, text: &[u8]) -> Option<usize> {
        while let Some(byte) = text.get(self.at) {
            self.at += 1;
            self.took_lines |= *byte == b'\n';
            if self.closes(*byte) && self.depth == 0 {
                return Some(self.at);
            }
        }
        None
    }

    /// Whether the byte closes a string or a bracket.
    fn closes(&mut self, byte: u8) -> bool {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.in_string => self.escaped = true,
            b'"' => {
                self.in_string = !self.in_string;
                return !self.in_string;
            }
            _ if self.in_string => {}
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return true;
            }
            _ => {}
        }
        false
    }

    /// Whether the text is one whole value.
    pub(super) fn is_whole(text: &str) -> bool {
        Self::default().end(text.as_bytes()) == Some(text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_its_last_bracket_or_quote_closes() {
        for (text, end) in [
            (r#"{"a": "}\"]"} x"#, Some(13)),
            (r#"[{}, []]["#, Some(8)),
            (r#""a\\" b"#, Some(5)),
            (r#"{"a": [1"#, None),
            ("", None),
        ] {
            assert_eq!(Scan::default().end(text.as_bytes()), end, "{text}");
            let mut scan = Scan::default();
            let steps = (0..=text.len()).find_map(|so_far| scan.end(&text.as_bytes()[..so_far]));
            assert_eq!(steps, end, "{text}");
        }
    }
}
