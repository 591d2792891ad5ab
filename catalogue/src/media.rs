//! Messages without a text: which pictures a model may be shown, and by what address.
//!
//! An address comes from the client of whoever sent the picture, so it may name any host. Whoever gets it, a vendor or a server of one's
//! own, asks that host. So it is passed on only where it is https, on a host that the app names, of a size that the app takes, and has
//! nothing in it that two readers could read in two ways. Nothing is fetched here.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use schemas::attachment::Attachment;
use schemas::text::Text;
use serde::{Deserialize, Serialize};

/// Stands for the last piece of an address in [`Media::image_url`].
pub const FILE: &str = "{{ file }}";
/// Most bytes of an address.
const LONGEST: usize = 2_048;
/// Most bytes of the last piece of an address.
const LONGEST_FILE: usize = 256;

/// What an app does with messages without a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Media {
    /// Hosts that addresses of pictures may name, in lower case.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub hosts: BTreeSet<String>,
    /// Most bytes of a picture, as the sender's client says.
    pub max_bytes: u64,
    /// Most pictures of a turn.
    pub max_images: u32,
    /// Whether a picture goes on that only its secret opens, with that in its address.
    #[serde(default, skip_serializing_if = "is_false")]
    pub share_secret: bool,
    /// The address under which a picture is had instead, with [`FILE`] for its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
}

/// Why a picture is not shown to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseen {
    /// It has no address, or one that is not https, or that could be read in two ways.
    Address,
    /// Its host is not among those that the app names.
    Host,
    /// It is larger than the app takes, or does not say how large it is.
    Size,
    /// Only its secret opens it, and the app does not pass that on.
    Restricted,
}

impl Media {
    /// The address by which a model may be shown a picture.
    ///
    /// # Errors
    /// [`Unseen`] when it may not.
    pub fn address(&self, attachment: &Attachment) -> Result<String, Unseen> {
        let url = attachment.url.as_ref().and_then(Text::plain).ok_or(Unseen::Address)?;
        let (host, path) = parts(url).ok_or(Unseen::Address)?;
        if !(self.hosts.contains(&host) || (self.hosts.is_empty() && self.image_url.is_some())) {
            return Err(Unseen::Host);
        }
        if attachment.bytes.is_none_or(|bytes| bytes > self.max_bytes) {
            return Err(Unseen::Size);
        }
        if let Some(template) = &self.image_url {
            return Ok(template.replace(FILE, file(path).ok_or(Unseen::Address)?));
        }
        match attachment.secret.as_ref().map(Text::plain) {
            None => Ok(url.to_owned()),
            Some(Some(secret)) if self.share_secret && is_plain(secret) => {
                let mark = if path.contains('?') { '&' } else { '?' };
                Ok(format!("{url}{mark}share-secret={secret}"))
            }
            Some(_) => Err(Unseen::Restricted),
        }
    }
}

/// The host of an address, in lower case, and what follows it. Nothing else may stand there: no user, no port, no fragment.
pub(crate) fn parts(url: &str) -> Option<(String, &str)> {
    let rest = url.strip_prefix("https://")?;
    let (host, path) = rest.split_at(rest.find('/')?);
    let is_address =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'#' | b'`');
    let is_legal = url.len() <= LONGEST && path.bytes().all(is_address);
    (is_host(host) && is_legal).then(|| (host.to_ascii_lowercase(), path))
}

/// Whether it is the name of a host: letters, digits, dashes, and at least one dot between them.
pub(crate) fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(is_label)
        && !host.split('.').next_back().is_some_and(is_number)
}

/// The last piece of a path: what Easemob calls the file's id.
fn file(path: &str) -> Option<&str> {
    let path = path.split('?').next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    let is_name = !file.is_empty() && file.len() <= LONGEST_FILE && is_plain(file) && !file.starts_with('.');
    is_name.then_some(file)
}

/// Nothing but letters, digits and `-`, `_`, `.`, which stand for themselves in every part of an address.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://a1.easemob.com/acme/support/chatfiles/5fd7-a1b0";

    fn media() -> Media {
        Media {
            hosts: BTreeSet::from(["a1.easemob.com".to_owned()]),
            max_bytes: 100,
            max_images: 1,
            share_secret: false,
            image_url: None,
        }
    }

    fn picture(url: &str) -> Attachment {
        Attachment { url: Some(url.into()), bytes: Some(100), ..Attachment::default() }
    }

    #[test]
    fn a_picture_on_a_host_of_the_app_is_shown_by_its_own_address() {
        assert_eq!(media().address(&picture(URL)).as_deref(), Ok(URL));
        let shouted = URL.replace("a1.easemob", "A1.EaseMob");
        assert_eq!(media().address(&picture(&shouted)), Ok(shouted.clone()));
    }

    #[test]
    fn what_could_lead_elsewhere_is_not_passed_on() {
        for url in [
            "http://a1.easemob.com/x",
            "https://a1.easemob.com",
            "https://a1.easemob.com:8443/x",
            "https://a1.easemob.com@evil.example/x",
            "https://user:pass@a1.easemob.com/x",
            "https://a1.easemob.com\\@evil.example/x",
            "https://a1.easemob.com/x y",
            "https://a1.easemob.com/x#y",
            "https://a1.easemob.com/\u{430}",
            "https://a1.easemob.com./x",
            "https:///x",
            "HTTPS://a1.easemob.com/x",
            "file:///etc/passwd",
            "",
        ] {
            assert_eq!(media().address(&picture(url)), Err(Unseen::Address), "{url}");
        }
        for url in [
            "https://evil.example/x",
            "https://sub.a1.easemob.com/x",
            "https://a1.easemob.com.evil.example/x",
        ] {
            assert_eq!(media().address(&picture(url)), Err(Unseen::Host), "{url}");
        }
        for url in ["https://127.0.0.1/x", "https://localhost/x", "https://0x7f.1/x", "https://[::1]/x"] {
            assert_eq!(media().address(&picture(url)), Err(Unseen::Address), "{url}");
        }
        assert_eq!(media().address(&picture(&format!("{URL}{}", "a".repeat(2_048)))), Err(Unseen::Address));
        assert_eq!(media().address(&Attachment::default()), Err(Unseen::Address));
    }

    #[test]
    fn one_that_is_too_large_or_does_not_say_how_large_it_is_is_not_shown() {
        let of = |bytes| Attachment { bytes, ..picture(URL) };
        assert_eq!([101, 100].map(|n| media().address(&of(Some(n))).is_ok()), [false, true]);
        assert_eq!(media().address(&of(None)), Err(Unseen::Size));
    }

    #[test]
    fn a_secret_goes_on_only_where_the_app_says_so() {
        let restricted = Attachment { secret: Some("s3-_cr".into()), ..picture(URL) };
        assert_eq!(media().address(&restricted), Err(Unseen::Restricted));
        let sharing = Media { share_secret: true, ..media() };
        assert_eq!(sharing.address(&restricted), Ok(format!("{URL}?share-secret=s3-_cr")));
        let asked = Attachment { url: Some(format!("{URL}?a=1").as_str().into()), ..restricted.clone() };
        assert_eq!(sharing.address(&asked), Ok(format!("{URL}?a=1&share-secret=s3-_cr")));
        let odd = Attachment { secret: Some("a&b=c".into()), ..restricted };
        assert_eq!(sharing.address(&odd), Err(Unseen::Restricted));
    }

    #[test]
    fn a_template_has_the_files_name_and_nothing_else_of_the_address() {
        let own = Media {
            hosts: BTreeSet::new(),
            image_url: Some("https://files.example.com/img/{{ file }}?w=800".to_owned()),
            ..media()
        };
        let of = |url: &str| own.address(&picture(url));
        assert_eq!(of(URL).as_deref(), Ok("https://files.example.com/img/5fd7-a1b0?w=800"));
        assert_eq!(
            of("https://evil.example/a/b?c/d").as_deref(),
            Ok("https://files.example.com/img/b?w=800")
        );
        for url in [
            "https://x.example/..",
            "https://x.example/a/",
            "https://x.example/%2e%2e",
            "https://x.example/a;b",
        ] {
            assert_eq!(of(url), Err(Unseen::Address), "{url}");
        }
        let strict = Media { hosts: media().hosts, ..own.clone() };
        assert_eq!(strict.address(&picture("https://evil.example/b")), Err(Unseen::Host));
        let restricted = Attachment { secret: Some("s".into()), ..picture(URL) };
        assert!(own.address(&restricted).is_ok(), "whoever serves the file has access to it");
    }
}
