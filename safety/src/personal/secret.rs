//! Keys and tokens: by the prefix that their issuer gives them, by their form, or by a name and a text that looks random.

use std::ops::Range;
use std::sync::LazyLock;

use super::context::names;
use super::hit::Hit;
use super::kind::Kind;
use super::plain::Plain;
use super::words::Words;

/// Prefixes of keys with the fewest characters that follow. The case counts.
const PREFIXES: &[(&str, usize)] = &[
    ("sk-ant-", 20),
    ("sk-proj-", 20),
    ("sk-or-", 20),
    ("sk-", 20),
    ("sk_live_", 16),
    ("sk_test_", 16),
    ("rk_live_", 16),
    ("rk_test_", 16),
    ("pk_live_", 16),
    ("pk_test_", 16),
    ("whsec_", 16),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghu_", 30),
    ("ghs_", 30),
    ("ghr_", 30),
    ("github_pat_", 22),
    ("glpat-", 18),
    ("gldt-", 18),
    ("glrt-", 18),
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("ya29.", 20),
    ("GOCSPX-", 20),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxa-", 10),
    ("xoxr-", 10),
    ("xoxs-", 10),
    ("xapp-", 10),
    ("hf_", 24),
    ("LTAI", 12),
    ("AKID", 20),
    ("AKLT", 20),
    ("npm_", 30),
    ("pypi-", 30),
    ("dop_v1_", 30),
    ("SG.", 30),
    ("shpat_", 24),
    ("shpss_", 24),
    ("gsk_", 24),
    ("xai-", 24),
    ("r8_", 24),
    ("key-", 32),
    ("sq0atp-", 20),
    ("sq0csp-", 20),
    ("EAAC", 30),
    ("AGE-SECRET-KEY-1", 40),
    ("dckr_pat_", 20),
    ("lin_api_", 24),
    ("figd_", 20),
    ("nvapi-", 24),
    ("tvly-", 20),
    ("bce-v3/", 20),
    ("pat_", 30),
    ("app-", 22),
    ("ark-", 24),
    ("tp-", 40),
    ("ms-", 32),
    ("fastgpt-", 20),
    ("dapi", 32),
    ("PMAK-", 24),
    ("rubygems_", 30),
    ("sntrys_", 24),
    ("hvs.", 20),
    ("CFPAT-", 24),
    ("eyJrIjoi", 20),
];
/// Names of keys and tokens.
static NAMES: LazyLock<Words> = LazyLock::new(|| {
    Words::of(
        "api key|apikey|api_key|api-key|api密钥|secret|secret key|secretkey|secret_key|client_secret|\
         clientsecret|client secret|app secret|appsecret|app_secret|app_key|appkey|token|\
         access token|access_token|accesstoken|refresh_token|auth_token|access key|accesskey|\
         access_key|accesskeysecret|accesskeyid|accesskey secret|access_key_secret|secretid|\
         secret_id|private_key|private key|privatekey|密钥|秘钥|密鑰|私钥|私鑰|令牌|口令|密码|密碼|\
         password|passwd|pwd|bearer|authorization|credential|凭证|金钥|金鑰|key|x-api-key|\
         session_key|webhook_secret|signing_key|encryption_key|aes key|aes_key|accesstokenid|授权码|\
         credentials|passphrase|auth|sessionid|cookie|签名密钥|sid",
    )
});
/// Shortest text that can be random enough behind a name.
const SHORTEST: usize = 16;
/// So many characters tell whether it is a key or token; what follows directly belongs to it.
const MOST: usize = 1_024;

/// Finds keys and tokens in a text. All that begin in one stretch of their characters and go on for long end with it: where it ends is
/// looked for once.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// A stretch that was read to its end, from a place in it on.
    stretch: Option<Range<usize>>,
}

impl Secrets {
    /// Forgets the last text.
    pub(super) fn reset(&mut self) {
        self.stretch = None;
    }

    /// Finds the key or token that begins at a position, before which no letter or digit stands.
    pub(super) fn find(&mut self, plain: &Plain, start: usize, hits: &mut Vec<Hit>) {
        // A text of many short parts would otherwise be read far from each of them.
        if !may_begin(plain, start) {
            return;
        }
        let length =
            plain.slice(start..plain.len().min(start + MOST)).iter().take_while(|c| is_token(**c)).count();
        let end = plain.skip_back(start + length, |c| matches!(c, '.' | '-' | ':')).max(start);
        if end - start < SHORTEST {
            return;
        }
        let found = web_token(plain, start, end)
            .or_else(|| prefixed(plain, start, end))
            .or_else(|| named(plain, start, end));
        if let Some(found) = found {
            let end = if found == start + MOST { self.end(plain, found) } else { found };
            hits.push(Hit { kind: Kind::Secret, range: start..end });
        }
    }

    /// Where the characters of keys end that stand from a position on.
    fn end(&mut self, plain: &Plain, from: usize) -> usize {
        let known = self.stretch.take().filter(|stretch| (stretch.start..=stretch.end).contains(&from));
        self.stretch.insert(known.unwrap_or_else(|| from..plain.skip(from, is_token))).end
    }
}

/// Whether the first characters leave it open that a key or token begins: they are enough, and a prefix, the form or a name tells it.
fn may_begin(plain: &Plain, start: usize) -> bool {
    let first = plain.slice(start..plain.len().min(start + SHORTEST));
    let begins = |prefix: &str| prefix.chars().eq(first.iter().copied().take(prefix.len()));
    first.len() == SHORTEST
        && first.iter().all(|c| is_token(*c))
        && (begins("eyJ") || PREFIXES.iter().any(|(prefix, _)| begins(prefix)) || names(plain, start, &NAMES))
}

/// Three parts of base64, the first of which is a JSON object (RFC 7519).
fn web_token(plain: &Plain, start: usize, end: usize) -> Option<usize> {
    let text: String = plain.slice(start..end).iter().collect();
    let mut parts = text.split('.');
    let (header, body) = (parts.next()?, parts.next()?);
    let formed = header.starts_with("eyJ") && header.len() >= 10 && body.len() >= 8 && parts.next().is_some();
    formed.then_some(end)
}

fn prefixed(plain: &Plain, start: usize, end: usize) -> Option<usize> {
    let text: String = plain.slice(start..end).iter().collect();
    let (prefix, least) = PREFIXES
        .iter()
        .find(|(prefix, least)| text.strip_prefix(prefix).is_some_and(|rest| rest.len() >= *least))?;
    let rest = text.get(prefix.len()..)?;
    let dotted = prefix.ends_with('.') || prefix.contains('/');
    let rest = if dotted { rest } else { rest.split(['.', '/', '=', '+', ':']).next()? };
    let random = if prefix.len() > 4 || prefix.contains('_') || prefix.starts_with("AK") {
        is_varied(rest)
    } else {
        looks_random(rest)
    };
    (rest.len() >= *least && random).then(|| start + prefix.len() + rest.len())
}

/// A text that looks random, directly after a name for a key.
fn named(plain: &Plain, start: usize, end: usize) -> Option<usize> {
    let text: String = plain.slice(start..end).iter().collect();
    let value = text.trim_end_matches(['/', '.']);
    let random = value.len() >= SHORTEST && looks_random(value) && !value.contains("://");
    (random && names(plain, start, &NAMES)).then(|| start + value.len())
}

/// Whether letters and digits are mixed with many different characters, as chance mixes them.
fn looks_random(text: &str) -> bool {
    let (mut digits, mut letters, mut changes, mut last_digit) = (0, 0, 0, false);
    for b in text.bytes().filter(u8::is_ascii) {
        let digit = b.is_ascii_digit();
        digits += u32::from(digit);
        letters += u32::from(b.is_ascii_alphabetic());
        changes += u32::from(digit != last_digit);
        last_digit = digit;
    }
    let both_cases =
        text.bytes().any(|b| b.is_ascii_uppercase()) && text.bytes().any(|b| b.is_ascii_lowercase());
    let mixed = (digits >= 2 && letters >= 2 && changes >= 3)
        || (digits >= 1 && both_cases)
        || (both_cases && letters >= 16 && case_changes(text) * 5 >= text.len() * 2);
    mixed && is_varied(text)
}

/// Whether a text has many different characters, none of which fills a third of it, and is no sample.
fn is_varied(text: &str) -> bool {
    let mut counts = [0_usize; 128];
    for b in text.bytes().filter(u8::is_ascii) {
        if let Some(count) = counts.get_mut(usize::from(b)) {
            *count += 1;
        }
    }
    let kinds = counts.iter().filter(|count| **count > 0).count();
    let most = counts.iter().max().copied().unwrap_or(0);
    kinds >= 8 && most * 3 <= text.len() && !is_sample(text)
}

fn case_changes(text: &str) -> usize {
    text.as_bytes()
        .windows(2)
        .filter(|two| matches!(two, [a, b] if a.is_ascii_uppercase() != b.is_ascii_uppercase()))
        .count()
}

/// Whether a text says itself that it stands for a key.
fn is_sample(text: &str) -> bool {
    // The documents of one issuer have keys that end in EXAMPLE; these look like any other.
    let text = text.replace("EXAMPLE", "").to_ascii_lowercase();
    ["your", "xxxx", "example", "placeholder", "changeme", "replace", "dummy", "****", "...."]
        .iter()
        .any(|word| text.contains(word))
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+' | '=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_stretch_of_keys_changes_nothing() {
        let long = "KEY-aGVs+86x".repeat(2 * MOST / 12);
        for text in
            [long.clone(), format!("{long} {long}。{long}"), format!("{long}，KEY-aGVs+86xKEY-aGVs+86x")]
        {
            let mut plain = Plain::default();
            plain.refill(&text);
            let found = |forgets: fn(&mut Secrets)| {
                let (mut secrets, mut hits) = (Secrets::default(), Vec::new());
                for at in (0..plain.len()).filter(|at| !plain.before(*at).is_ascii_alphanumeric()) {
                    forgets(&mut secrets);
                    secrets.find(&plain, at, &mut hits);
                }
                hits.into_iter().map(|hit| hit.range).collect::<Vec<_>>()
            };
            assert!(found(|_| ()).iter().any(|range| range.len() > MOST));
            assert_eq!(found(|_| ()), found(Secrets::reset));
        }
    }
}
