//! `[app.media]`.

use std::collections::BTreeSet;

use common::Problems;
use toml::Spanned;

use crate::media::{self, FILE, Media};
use crate::raw::{RawApp, RawMedia};

/// Most pictures of a turn.
const MOST: u32 = 16;

/// What an app does with messages without a text.
pub(super) fn media(raw: &RawApp, place: &str, problems: &mut Problems) -> Option<Media> {
    let raw = raw.media.as_ref()?;
    if *raw.max_bytes.get_ref() == 0 {
        problems.add_at(place, &raw.max_bytes, "media.max_bytes may not be zero");
    }
    if !(1..=MOST).contains(raw.max_images.get_ref()) {
        problems.add_at(place, &raw.max_images, format!("media.max_images must be from 1 to {MOST}"));
    }
    if let Some(at) = raw.image_url.as_ref() {
        image_url(at, raw, place, problems);
    }
    Some(Media {
        hosts: hosts(raw, place, problems),
        max_bytes: *raw.max_bytes.get_ref(),
        max_images: *raw.max_images.get_ref(),
        share_secret: raw.share_secret,
        image_url: raw.image_url.as_ref().map(|at| at.get_ref().clone()),
    })
}

fn hosts(raw: &RawMedia, place: &str, problems: &mut Problems) -> BTreeSet<String> {
    let mut hosts = BTreeSet::new();
    for at in &raw.hosts {
        let host = at.get_ref().to_ascii_lowercase();
        if !media::is_host(&host) {
            let what =
                format!("media.hosts: {:?} is no name of a host, such as a1.easemob.com", at.get_ref());
            problems.add_at(place, at, what);
        } else if !hosts.insert(host) {
            problems.add_at(place, at, format!("media.hosts: it has {:?} twice", at.get_ref()));
        }
    }
    hosts
}

/// Whoever sends a picture chooses its last piece: it may stand where no host is, and once.
fn image_url(at: &Spanned<String>, raw: &RawMedia, place: &str, problems: &mut Problems) {
    let tried = at.get_ref().replacen(FILE, "x", 1);
    let why = match media::parts(&tried) {
        _ if !at.get_ref().contains(FILE) => format!("media.image_url needs {FILE}"),
        None => format!("media.image_url must be https://host/…, with {FILE} once behind the host"),
        Some((host, _)) if !at.get_ref().to_ascii_lowercase().contains(&format!("https://{host}/")) => {
            format!("media.image_url has {FILE} in its host")
        }
        Some(_) if tried.contains(['{', '}']) => {
            format!("media.image_url takes {FILE} once, and nothing else in braces")
        }
        Some(_) if raw.share_secret => {
            "media.image_url does not go with share_secret: whoever serves the pictures has access to them"
                .to_owned()
        }
        Some(_) => return,
    };
    problems.add_at(place, at, why);
}
