//! Texts as commands may show them: stars in the place of personal data.

use safety::personal::starred;

/// The text without the personal data that is recognised in it.
pub(crate) fn masked(text: &str) -> String {
    starred(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_data_are_stars_and_the_rest_stays() {
        assert_eq!(masked("my mail is alice@example.com, ok?"), "my mail is *****************, ok?");
        assert_eq!(masked("Where is it?"), "Where is it?");
    }
}
