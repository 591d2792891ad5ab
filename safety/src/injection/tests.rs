use super::patterns::Patterns;
use super::vocabulary::Vocabulary;
use super::*;

#[test]
fn every_line_of_the_pattern_file_can_be_read() {
    let (_, bad) = Patterns::new(&Vocabulary::new());
    assert_eq!(bad, []);
}
