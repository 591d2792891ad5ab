//! An input, printed so that it can be read.

use std::fmt;
use std::ops::Deref;

/// Longest input that is printed whole, in characters of its escaped form.
const SHOWN: usize = 4_000;

/// Bytes that were made; their `Debug` form is that of a Rust byte string, cut when it is long.
#[derive(Clone, PartialEq, Eq)]
pub struct Input(pub Vec<u8>);

impl Input {
    /// The bytes as text, with replacements where they are none.
    #[must_use]
    pub fn lossy(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

impl Deref for Input {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.0.escape_ascii().to_string().chars().take(SHOWN).collect();
        write!(f, "b\"{shown}\" ({} bytes)", self.0.len())
    }
}
