//! Contents in pieces below the record limit: the key of a piece is the hash of the whole and the place of the piece's first byte.

use std::collections::BTreeMap;

/// Largest piece. A record of `configs` may have 1 MiB; what is left holds key and framing, and lets the limit be lower on some clusters.
pub(super) const PIECE: usize = 512 * 1_024;

/// What keys of pieces begin with. No hash of a bundle starts with `@`.
const PREFIX: &str = "@content/";

/// The key of the piece at that byte.
pub(super) fn key(hash: &str, at: u64) -> String {
    format!("{PREFIX}{hash}/{at}")
}

/// Hash and byte of a piece's key; `None` for other keys.
pub(super) fn of_key(key: &[u8]) -> Option<(&str, u64)> {
    let (hash, at) = std::str::from_utf8(key).ok()?.strip_prefix(PREFIX)?.split_once('/')?;
    Some((hash, at.parse().ok()?))
}

/// The pieces of a text, each with its place.
pub(super) fn split(text: &str) -> impl Iterator<Item = (u64, &[u8])> {
    text.as_bytes().chunks(PIECE).enumerate().map(|(number, piece)| ((number * PIECE) as u64, piece))
}

/// Whether pieces of these places and lengths make a whole of that many bytes. Pieces of other lengths may lie among them, written by a version
/// with another largest piece.
pub(super) fn whole(lengths: &BTreeMap<u64, u64>, bytes: u64) -> Result<Vec<u64>, u64> {
    let mut at = 0;
    let mut places = Vec::new();
    while at < bytes {
        let length = lengths.get(&at).copied().filter(|length| *length > 0).ok_or(at)?;
        places.push(at);
        at += length;
    }
    if at == bytes { Ok(places) } else { Err(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_below_the_limit_and_make_the_whole_again() {
        let text = "赌".repeat(600_000);
        let pieces: Vec<(u64, &[u8])> = split(&text).collect();
        assert_eq!(pieces.len(), 4);
        let limit = schemas::topic::Topic::Configs.max_message_bytes() as usize;
        assert!(pieces.iter().all(|(_, piece)| piece.len() * 2 <= limit));
        let lengths: BTreeMap<u64, u64> =
            pieces.iter().map(|(at, piece)| (*at, piece.len() as u64)).collect();
        let places = whole(&lengths, text.len() as u64).unwrap();
        let joined: Vec<u8> = pieces.iter().flat_map(|(_, piece)| piece.iter().copied()).collect();
        assert_eq!((places.len(), joined), (4, text.into_bytes()));
        assert_eq!(split("").count(), 0);
    }

    #[test]
    fn what_is_missing_or_too_much_is_no_whole() {
        let lengths: BTreeMap<u64, u64> = [(0, 10), (5, 7), (10, 4), (12, 3)].into();
        assert_eq!(whole(&lengths, 14), Ok(vec![0, 10]));
        assert_eq!(whole(&lengths, 12), Err(12), "a piece reaches beyond the end");
        assert_eq!(whole(&lengths, 15), Err(14));
        assert_eq!(whole(&BTreeMap::new(), 1), Err(0));
        assert_eq!(whole(&BTreeMap::new(), 0), Ok(Vec::new()));
    }

    #[test]
    fn a_key_tells_its_piece_and_other_keys_are_none() {
        assert_eq!(of_key(key("ab12", 524_288).as_bytes()), Some(("ab12", 524_288)));
        for other in [&b"@current"[..], b"ab12", b"@content/ab12", b"@content/ab12/x", b"@content/\xff/1"] {
            assert_eq!(of_key(other), None);
        }
    }
}
