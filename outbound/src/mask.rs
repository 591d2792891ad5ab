//! Takes what looks like a credential out of text that others wrote.

/// Shortest run of token characters, mixed of letters and digits, that is taken for a credential.
const SUSPICIOUS: usize = 20;
const STARS: &str = "***";

/// The text with everything that looks like a credential replaced by stars.
pub(crate) fn credentials(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_bearer = false;
    while let Some(first) = rest.chars().next() {
        if !token(first) {
            after_bearer &= first.is_whitespace() || first == ':';
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let end = rest.find(|c| !token(c)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        let hidden = after_bearer || suspicious(word);
        out.push_str(if hidden { STARS } else { word });
        after_bearer = word.eq_ignore_ascii_case("bearer");
        rest = tail;
    }
    out
}

fn token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '=' | '~' | '*')
}

fn suspicious(word: &str) -> bool {
    let mixed = word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_alphabetic());
    let prefixed = ["sk-", "ak-", "pk-"].iter().any(|prefix| word.starts_with(prefix)) && word.len() > 3;
    prefixed || (mixed && word.len() >= SUSPICIOUS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_bearer_tokens_become_stars() {
        let text = "wrong key sk-abc, sent Bearer: short and YWMtX2g4RkVFZ0VlNmRhcz09";
        assert_eq!(credentials(text), "wrong key ***, sent Bearer: *** and ***");
    }

    #[test]
    fn ordinary_words_stay() {
        let text = "模型 gpt-4o-mini: maximum context length is 128000 tokens (rate_limit_exceeded)";
        assert_eq!(credentials(text), text);
    }
}
