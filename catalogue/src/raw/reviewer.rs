//! The tables `[[reviewer]]` and `[app.review]`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::reviewer::{Fallback, ReviewTime};

/// Who says whether a text may go on that the filter holds. The address and the secret of a server are under `[[call.reviewer]]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawReviewer {
    /// The reviewer's name in `app.review`, metrics and rows; no target has it.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// `moderation`: a server that speaks OpenAI's moderation wire. `webhook`: a server of your own, whose calls are signed. `judge`: a
    /// target that is asked for one of the words safe, controversial, unsafe.
    #[schemars(with = "String", extend("enum" = ["moderation", "webhook", "judge"]))]
    pub kind: Spanned<String>,
    /// Model that a `moderation` is asked for. The server's default without it.
    pub model: Option<String>,
    /// Name of the target that is the `judge`.
    #[schemars(with = "Option<String>")]
    pub target: Option<Spanned<String>>,
    /// Region that the server of a `moderation` or `webhook` is in; a judge is in that of its target.
    pub region: Option<String>,
    /// Longest time of one attempt at a `moderation` or `webhook`; more than zero. Default `3s`.
    #[schemars(with = "Option<String>")]
    pub timeout: Option<Spanned<super::Written>>,
    /// What one call of a `moderation` or `webhook` costs, as decimal text in units of `currency`; `"0"` for none. Without it the cost is
    /// unknown. What a judge costs follows from the price of its target.
    #[schemars(with = "Option<String>")]
    pub price: Option<Spanned<String>>,
    /// Currency of `price`, in the letters of ISO 4217.
    #[schemars(with = "Option<String>")]
    pub currency: Option<Spanned<String>>,
}

/// What the app makes of texts that the filter holds.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawReview {
    /// Name of the `[[reviewer]]` that is asked.
    #[schemars(with = "String")]
    pub reviewer: Spanned<String>,
    /// No attempt to review starts later than this after the message; more than zero, and shorter than `answer_within`.
    #[serde(default = "ten_seconds", with = "common::duration")]
    #[schemars(with = "String")]
    pub within: Duration,
    /// What becomes of a text without a verdict: the reviewer is away or late, a budget below is used up, or nothing can wait, as in the
    /// callback of a message between people. A text that is not reviewed is in doubt, so that it is stopped by default.
    #[serde(default = "block")]
    #[schemars(with = "Fallback")]
    pub when_away: Spanned<String>,
    /// What becomes of a text that the reviewer calls controversial.
    #[serde(default = "block")]
    #[schemars(with = "Fallback")]
    pub controversial: Spanned<String>,
    /// What a person is told whose message is stopped; an empty text sends nothing. Without it `canned.blocked` holds.
    pub text: Option<String>,
    /// Most reviews of the app within a minute, at least 1; each instance of call has its share. Without it there is no limit.
    #[schemars(with = "Option<u32>")]
    pub per_minute: Option<Spanned<u32>>,
    /// Most reviews of the app within 24 hours, at least 1; each instance of call has its share, and forgets at its end what it has
    /// used. Without it there is no limit.
    #[schemars(with = "Option<u32>")]
    pub per_day: Option<Spanned<u32>>,
    /// Whether the person who wrote is charged for the review. Otherwise its cost is booked and charged to nobody.
    #[serde(default)]
    pub charged: bool,
    /// When an answer is reviewed that the filter holds: `before` it goes out, or `after`. After, it goes out at once, masked where other
    /// rules say so, nothing waits for the review, and an answer that may not stand is taken back from the chat: Easemob's recall
    /// service must be open for the app. An answer beyond the newest 32 of its conversation stays.
    #[serde(default = "before")]
    #[schemars(with = "ReviewTime")]
    pub answers: Spanned<String>,
}

fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}

fn before() -> Spanned<String> {
    Spanned::new(0..0, "before".to_owned())
}

fn block() -> Spanned<String> {
    Spanned::new(0..0, "block".to_owned())
}
