//! Syllables of Mandarin, without tone.

use std::sync::LazyLock;

/// Every syllable that a reading has, in the order of the alphabet.
static ALL: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut all: Vec<&str> = super::readings::READINGS
        .lines()
        .filter_map(|line| line.split_once(' '))
        .flat_map(|(sounds, _)| sounds.split(','))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
});

/// A syllable of Mandarin without its tone. Syllables are equal when they sound the same but for the tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Syllable(u16);

impl Syllable {
    /// Its place in the list of all syllables.
    pub(crate) const fn index(self) -> u16 {
        self.0
    }

    /// The syllable of this spelling, ü as `v`; `None` when no character is read so.
    pub fn of(spelling: &str) -> Option<Self> {
        let at = ALL.binary_search(&spelling).ok()?;
        u16::try_from(at).ok().map(Self)
    }

    /// Its spelling in ASCII, ü as `v`: `zhong`, `lv`, `nve`.
    pub fn as_str(self) -> &'static str {
        ALL.get(usize::from(self.0)).copied().unwrap_or_default()
    }

    /// Its spelling with `u` where [`Self::as_str`] has `v`: what the fold makes of `nǚ` and `nü`. `None` when there is no `v`.
    pub fn with_u(self) -> Option<&'static str> {
        Some(match self.as_str() {
            "lv" => "lu",
            "nv" => "nu",
            "lve" => "lue",
            "nve" => "nue",
            _ => return None,
        })
    }
}
