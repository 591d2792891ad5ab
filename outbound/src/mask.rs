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
    prefixed || (mixed && word.len() >= SUSPICIOUS && !is_address(word))
}

/// Host and path: lower case, and no part of it is long enough for a credential.
fn is_address(word: &str) -> bool {
    let parts = || word.split(['/', '.']);
    parts().count() > 1
        && parts().all(|part| part.len() < SUSPICIOUS)
        && !word.bytes().any(|b| b.is_ascii_uppercase())
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
    fn an_address_stays_and_a_credential_in_it_does_not() {
        for address in
            ["api.example.com/v2/chat/completions", "moved to 10.0.0.1/openai/deployments/gpt4/chat"]
        {
            assert_eq!(credentials(address), address);
        }
        assert_eq!(credentials("host.example.com/t0k3n-0123456789abcdef"), "***");
        assert_eq!(credentials("eyJhbGciOi.J9eyJzdWIi.xMjM0NTY3"), "***");
    }

    #[test]
    fn ordinary_words_stay() {
        let text = "模型 gpt-4o-mini: maximum context length is 128000 tokens (rate_limit_exceeded)";
        assert_eq!(credentials(text), text);
    }
}
