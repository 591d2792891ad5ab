//! How much room buffers keep from text to text: every thread has its own for as long as it lives, and one odd text can take a thousand
//! times what others do.

/// Most entries whose room is kept for the next text.
pub(crate) const KEPT: usize = 1 << 16;

/// Empties a buffer. Room for more than [`KEPT`] entries is given back.
pub(crate) fn empty<T>(buffer: &mut Vec<T>) {
    if buffer.capacity() > KEPT {
        *buffer = Vec::new();
    } else {
        buffer.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_room_is_given_back_and_little_is_kept() {
        let mut buffer = vec![0_u8; KEPT];
        empty(&mut buffer);
        assert_eq!((buffer.len(), buffer.capacity()), (0, KEPT));
        buffer.resize(KEPT + 1, 0);
        empty(&mut buffer);
        assert_eq!((buffer.len(), buffer.capacity()), (0, 0));
    }
}
