//! What is wrong with a configuration file: everything at once, each with its place.

use std::fmt::Display;
use std::ops::Range;

use toml::Spanned;

/// One thing that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: an entry such as `app "acme#support"`, or a table such as `account.batch`.
    pub place: String,
    /// Bytes of the file that it is about. Without them its line is that of the key that `what` begins with, or of its place.
    pub span: Option<Range<usize>>,
    /// What is wrong.
    pub what: String,
}

/// Collects problems, so that a section is told all of its problems in one go.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds a problem whose line follows from its place and from the key that `what` begins with.
    pub fn add(&mut self, place: &str, what: impl Display) {
        self.0.push(Problem { place: place.to_owned(), span: None, what: what.to_string() });
    }

    /// Adds a problem of a value that knows where it stands.
    pub fn add_at<T>(&mut self, place: &str, value: &Spanned<T>, what: impl Display) {
        let span = Some(value.span()).filter(|span| span.end > 0);
        self.0.push(Problem { place: place.to_owned(), span, what: what.to_string() });
    }

    /// Adds what another section found.
    pub fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.0.extend(problems);
    }

    /// The value, or nothing, its error added.
    pub fn take<T, E: Display>(&mut self, place: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.add(place, error)).ok()
    }

    /// The same for what was made of a value that knows where it stands.
    pub fn take_at<T, U, E: Display>(
        &mut self,
        place: &str,
        at: &Spanned<U>,
        value: Result<T, E>,
    ) -> Option<T> {
        value.map_err(|error| self.add_at(place, at, error)).ok()
    }

    /// One of a closed list of words.
    pub fn word<T: Copy>(&mut self, place: &str, at: &Spanned<String>, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| word == at.get_ref()).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.add_at(place, at, format!("{:?} is none of {}", at.get_ref(), known.join(", ")));
        }
        found
    }

    /// Everything that was found.
    pub fn into_vec(self) -> Vec<Problem> {
        self.0
    }

    /// Nothing was found so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value, if nothing was found and it is there.
    ///
    /// # Errors
    /// Every problem that was found.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Problem>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_kept_with_its_place_and_bytes() {
        let stage = Spanned::new(7..12, "later".to_owned());
        let made_by_hand = Spanned::new(0..0, 5_u32);
        let mut problems = Problems::default();
        assert!(problems.is_empty());
        assert_eq!(problems.word("ingest.rule", &stage, &[("pre", 1), ("post", 2)]), None);
        assert_eq!(problems.word("ingest.rule", &Spanned::new(0..0, "post".into()), &[("post", 2)]), Some(2));
        assert_eq!(problems.take::<u8, _>("ingest", "x".parse::<u8>()), None);
        assert_eq!(problems.take_at("ingest", &stage, Ok::<_, String>(3)), Some(3));
        problems.add_at("ingest.limits", &made_by_hand, "too many");
        let found = problems.finish(Some(())).unwrap_err();
        let told: Vec<_> =
            found.iter().map(|p| (p.place.as_str(), p.span.clone(), p.what.as_str())).collect();
        assert_eq!(
            told,
            [
                ("ingest.rule", Some(7..12), "\"later\" is none of pre, post"),
                ("ingest", None, "invalid digit found in string"),
                ("ingest.limits", None, "too many"),
            ]
        );
    }

    #[test]
    fn a_section_without_problems_is_its_value() {
        assert_eq!(Problems::default().finish(Some(1)), Ok(1));
        assert_eq!(Problems::default().finish::<u8>(None), Err(Vec::new()));
    }
}
