//! SHA-256 in the two short forms that records and state use.

use sha2::{Digest, Sha256};

/// First 16 hex digits.
pub(crate) fn short(pieces: &[&[u8]]) -> String {
    let number = number(pieces);
    // Several times for each record: no formatting machinery.
    let digit = |place: u32| char::from_digit((number >> (4 * place) & 0xf) as u32, 16);
    let mut text = String::with_capacity(16);
    text.extend((0..16).rev().filter_map(digit));
    text
}

/// First 8 bytes.
pub(crate) fn number(pieces: &[&[u8]]) -> u64 {
    let mut hash = Sha256::new();
    for piece in pieces {
        hash.update(piece);
    }
    hash.finalize().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_is_the_start_of_the_hash() {
        // Vector of FIPS 180-2: SHA-256("abc") = ba7816bf 8f01cfea …
        assert_eq!(short(&[b"a", b"bc"]), "ba7816bf8f01cfea");
        assert_eq!(number(&[b"abc"]), 0xba78_16bf_8f01_cfea);
    }
}
