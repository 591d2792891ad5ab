//! Ids as pieces of keys. The text form of a conversation, of a lane and of a state's entry has `/`, `@` and `|` between its
//! pieces; where an id itself holds one of them, it is written as in an URL.

use std::borrow::Cow;

/// What is never written as it is, and how it is written instead.
const ESCAPES: [(char, &str); 5] = [('/', "%2F"), ('@', "%40"), ('|', "%7C"), (' ', "%20"), ('%', "%25")];

/// Whether a text has none of what is escaped. Asked of every id of every record.
fn is_ordinary(text: &str) -> bool {
    !text.bytes().any(|byte| matches!(byte, b'/' | b'@' | b'|' | b' ' | b'%'))
}

/// An id as a piece of a key.
pub fn escaped(id: &str) -> Cow<'_, str> {
    if is_ordinary(id) {
        return Cow::Borrowed(id);
    }
    let mut piece = String::with_capacity(id.len() + 8);
    for (at, c) in id.char_indices() {
        match ESCAPES.iter().find(|(special, _)| *special == c) {
            // A percent sign that begins no escape stays.
            Some(('%', _)) if escape(&id[at..]).is_none() => piece.push('%'),
            Some((_, escape)) => piece.push_str(escape),
            None => piece.push(c),
        }
    }
    Cow::Owned(piece)
}

/// The id that a piece of a key stands for; `None` when no id is written so.
pub fn unescaped(piece: &str) -> Option<Cow<'_, str>> {
    if is_ordinary(piece) {
        return Some(Cow::Borrowed(piece));
    }
    let mut id = String::with_capacity(piece.len());
    let mut rest = piece;
    while let Some(at) = rest.find('%') {
        id.push_str(&rest[..at]);
        let (c, length) = escape(&rest[at..]).map_or(('%', 1), |c| (c, 3));
        id.push(c);
        rest = &rest[at + length..];
    }
    id.push_str(rest);
    (escaped(&id) == piece).then_some(Cow::Owned(id))
}

/// What is meant by the escape that the text begins with.
fn escape(text: &str) -> Option<char> {
    let code = text.get(..3)?;
    ESCAPES.iter().find(|(_, escape)| escape.eq_ignore_ascii_case(code)).map(|(c, _)| *c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_piece_is_read_only_if_it_is_written_so(piece in "[a%/@| 0247CFcf]{0,12}") {
            if let Some(id) = unescaped(&piece) {
                prop_assert_eq!(escaped(&id), piece.as_str());
            }
        }

        #[test]
        fn every_id_comes_back_and_no_two_have_one_piece(id in "[a%/@| 0247CF]{0,12}", other in "[a%/@| 0247CF]{0,12}") {
            let (piece, another) = (escaped(&id), escaped(&other));
            prop_assert_eq!(unescaped(&piece), Some(id.as_str().into()));
            prop_assert!(!piece.contains(['/', '@', '|', ' ']));
            prop_assert_eq!(piece == another, id == other);
        }
    }

    #[test]
    fn an_ordinary_id_is_written_as_it_is() {
        for id in ["alice", "张三", "50%", "a%41", "%", "100%zz", ""] {
            assert_eq!((escaped(id), unescaped(id)), (id.into(), Some(id.into())));
        }
        for (id, piece) in [
            ("a@b.com", "a%40b.com"),
            ("a/b|c d", "a%2Fb%7Cc%20d"),
            ("a%40b", "a%2540b"),
            ("%%25", "%%2525"),
            ("%@", "%%40"),
            ("%2/", "%2%2F"),
            ("%2f", "%252f"),
        ] {
            assert_eq!((escaped(id), unescaped(piece)), (piece.into(), Some(id.into())));
        }
        for none in ["a@b", "a b", "a/b", "a|b", "%2f", "%7c"] {
            assert_eq!(unescaped(none), None, "{none}");
        }
    }
}
