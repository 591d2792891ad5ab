//! The keys of `[[app]]` that say how model-made answers are marked.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// Texts of the label by language. The language is that of the answer or, where an answer has no words, as a number or a piece of
/// code, that of the question.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawLabelTexts {
    /// In Chinese with simplified characters; without it `label`.
    #[schemars(with = "Option<String>")]
    pub zh_hans: Option<Spanned<String>>,
    /// In Chinese with traditional characters; without it `label`.
    #[schemars(with = "Option<String>")]
    pub zh_hant: Option<Spanned<String>>,
    /// In English; without it `label`.
    #[schemars(with = "Option<String>")]
    pub en: Option<Spanned<String>>,
}

/// The implicit label in `ext.AIGC` of every model-made message: the seven fields of GB 45438-2025. `Label` is `1`, both ids are that of
/// the part, both reserved codes are empty.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawAigc {
    /// `ContentProducer`: name or code of the provider whose service generates, at most 128 bytes. Without it the App Key.
    #[schemars(with = "Option<String>")]
    pub producer: Option<Spanned<String>>,
    /// `ContentPropagator`: name or code of the provider whose service spreads, at most 128 bytes. Without it the producer.
    #[schemars(with = "Option<String>")]
    pub propagator: Option<Spanned<String>>,
}
