//! The table `[app.media]`.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// What becomes of messages without a text: pictures, files, voice, places, videos, events of the app's own. With this table they are told in
/// prompts by their kind and their file name or place, and routes that name their kind (`message`) decide on them. Where no such
/// route holds they are refused (`canned.unanswerable`), as they are without this table. Nothing is ever fetched.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawMedia {
    /// Hosts that the address of a picture may name, such as `a1.easemob.com`. Routes with `vision` need one, or `image_url`.
    #[schemars(with = "Vec<String>")]
    pub hosts: Vec<Spanned<String>>,
    /// Most bytes of a picture that a model is shown, as the sender's client says (`file_length`); more than zero. One that does not
    /// say it is not shown.
    #[schemars(with = "u64")]
    pub max_bytes: Spanned<u64>,
    /// Most pictures that a model is shown in one turn, the newest of it, from 1 to 16.
    #[schemars(with = "u32")]
    pub max_images: Spanned<u32>,
    /// Whether pictures go on that are uploaded with restricted access, with `?share-secret=` in their address: whoever has that address
    /// has the picture. Without it such pictures are not shown.
    pub share_secret: bool,
    /// The address by which pictures are had instead of their own, such as `https://files.example.com/{{ file }}`: `{{ file }}` is the last
    /// piece of their own address, which at Easemob is the file's id. It does not go with `share_secret`.
    #[schemars(with = "Option<String>")]
    pub image_url: Option<Spanned<String>>,
}

impl Default for RawMedia {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            max_bytes: Spanned::new(0..0, 5 * 1_024 * 1_024),
            max_images: Spanned::new(0..0, 4),
            share_secret: false,
            image_url: None,
        }
    }
}
