//! A few characters that are asked for at every place of a text: nearly every other one is told apart by one bit.

/// Words of bits by which most characters are passed over.
const WORDS: usize = 16;

/// A list of characters.
#[derive(Debug)]
pub(super) struct Among<const N: usize> {
    chars: [char; N],
    bits: [u64; WORDS],
}

impl<const N: usize> Among<N> {
    pub(super) const fn of(chars: [char; N]) -> Self {
        let mut bits = [0; WORDS];
        let mut at = 0;
        while at < N {
            let code = chars[at] as u32 as usize;
            bits[code / 64 % WORDS] |= 1 << (code % 64);
            at += 1;
        }
        Self { chars, bits }
    }

    /// The place of a character in the list.
    #[inline]
    pub(super) fn place(&self, c: char) -> Option<usize> {
        let code = c as u32 as usize;
        if self.bits[code / 64 % WORDS] >> (code % 64) & 1 == 0 {
            return None;
        }
        self.chars.iter().position(|one| *one == c)
    }

    /// Whether a character is in the list.
    #[inline]
    pub(super) fn has(&self, c: char) -> bool {
        self.place(c).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_are_found_that_are_on_the_list_and_no_others() {
        const SOME: Among<4> = Among::of(['京', '一', '\0', '𠮷']);
        for c in '\0'..='\u{30000}' {
            assert_eq!(SOME.place(c), ['京', '一', '\0', '𠮷'].iter().position(|one| *one == c), "{c:?}");
        }
    }
}
