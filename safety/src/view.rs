//! The ways in which a word can be disguised, each of which a rule looks through only if it asks to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One way of disguising a word. The fold (width, case, traditional characters, invisible characters, …) is no view: it is always on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// Up to three characters that are no letter, ideograph or digit stand between two characters of the word.
    Separators,
    /// Characters of the word are repeated.
    Repeats,
    /// Other characters that look the same.
    Lookalike,
    /// Digits and signs that stand for letters.
    Leet,
    /// The left and the right part of an ideograph, written one after the other.
    Split,
    /// Other ideographs with the same reading.
    Homophone,
    /// The word, or some of its characters, spelled in pinyin.
    Pinyin,
    /// The first letters of the readings of all characters, as a token of its own.
    Initials,
}

impl View {
    /// All views, in their order.
    pub const ALL: [Self; 8] = [
        Self::Separators,
        Self::Repeats,
        Self::Lookalike,
        Self::Leet,
        Self::Split,
        Self::Homophone,
        Self::Pinyin,
        Self::Initials,
    ];

    /// Its name in dictionaries, configuration and rows.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Separators => "separators",
            Self::Repeats => "repeats",
            Self::Lookalike => "lookalike",
            Self::Leet => "leet",
            Self::Split => "split",
            Self::Homophone => "homophone",
            Self::Pinyin => "pinyin",
            Self::Initials => "initials",
        }
    }

    /// The view of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.label() == name)
    }
}

/// A set of views.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<View>", into = "Vec<View>")]
pub struct Views(u8);

impl Views {
    /// No view: the word as it is, after folding.
    pub const NONE: Self = Self(0);

    /// Every view.
    pub const ALL: Self = Self(u8::MAX);

    /// The set of one view.
    pub const fn of(view: View) -> Self {
        Self(1 << view as u8)
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the view is in the set.
    pub const fn has(self, view: View) -> bool {
        self.0 & Self::of(view).0 != 0
    }

    /// Whether all of `self` are in the other set.
    pub const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether there is no view in it.
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// One bit for each view, in their order.
    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    /// How many views it has.
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Its views in their order.
    pub fn iter(self) -> impl Iterator<Item = View> {
        View::ALL.into_iter().filter(move |view| self.has(*view))
    }
}

impl FromIterator<View> for Views {
    fn from_iter<T: IntoIterator<Item = View>>(views: T) -> Self {
        views.into_iter().fold(Self::NONE, |set, view| set.with(Self::of(view)))
    }
}

impl From<Vec<View>> for Views {
    fn from(views: Vec<View>) -> Self {
        views.into_iter().collect()
    }
}

impl From<Views> for Vec<View> {
    fn from(views: Views) -> Self {
        views.iter().collect()
    }
}

impl JsonSchema for Views {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Views".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<View>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_travels_as_the_list_of_its_views() {
        let views: Views = [View::Pinyin, View::Separators].into_iter().collect();
        assert_eq!(serde_json::to_string(&views).unwrap(), r#"["separators","pinyin"]"#);
        assert_eq!(serde_json::from_str::<Views>(r#"["pinyin","separators"]"#).unwrap(), views);
        assert!(views.within(Views::ALL) && !Views::ALL.within(views));
    }

    #[test]
    fn every_view_has_one_name_everywhere() {
        for view in View::ALL {
            assert_eq!(serde_json::to_value(view).unwrap(), view.label());
            assert_eq!(View::named(view.label()), Some(view));
        }
        assert_eq!(View::named("other"), None);
    }
}
