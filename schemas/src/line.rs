//! Which line a record belongs to: the one that answers people, or that of a replay.
//!
//! A replay writes on topics of its own and marks what it writes ([`REPLAY`]). Topics can be mixed up by a wrong configuration, a command line that was
//! copied, or a record that was copied by hand with its headers. So every step that acts asks [`Line::admit`] first.

use crate::wire::{Header, REPLAY};

/// A line of steps. Its steps act on its own records and on no others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Line {
    /// The line that answers people. Its records have no mark.
    #[default]
    Real,
    /// The line of the replay of that name. Its records have exactly this mark.
    Replay(String),
}

/// A record belongs to another line than the step that read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("admit record: it belongs to another line")]
pub struct Foreign;

impl Foreign {
    /// Its name in headers and metrics.
    pub fn label(self) -> &'static str {
        "replay"
    }
}

impl Line {
    /// The line of a replay, or the real one where there is none.
    #[must_use]
    pub fn of(replay: Option<&str>) -> Self {
        replay.map_or(Self::Real, |name| Self::Replay(name.to_owned()))
    }

    /// Whether a record may be acted on; `header` gives the bytes of a header by name.
    ///
    /// # Errors
    /// [`Foreign`] when its mark is another one, or it has one where none may be.
    pub fn admit<'a>(&self, header: impl Fn(&str) -> Option<&'a [u8]>) -> Result<(), Foreign> {
        let is_own = match (self, header(REPLAY)) {
            (Self::Real, mark) => mark.is_none(),
            (Self::Replay(name), mark) => mark == Some(name.as_bytes()),
        };
        if is_own { Ok(()) } else { Err(Foreign) }
    }

    /// Marks the headers of a record that a step of this line writes.
    pub fn mark(&self, headers: &mut Vec<Header>) {
        if let Self::Replay(name) = self {
            headers.push((REPLAY.into(), name.clone().into_bytes()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_acts_on_its_own_records_and_on_no_others() {
        let marked =
            |mark: Option<&'static str>| move |name: &str| mark.filter(|_| name == REPLAY).map(str::as_bytes);
        let (real, replay) = (Line::of(None), Line::of(Some("cheaper")));
        assert_eq!(real.admit(marked(None)), Ok(()));
        assert_eq!(replay.admit(marked(Some("cheaper"))), Ok(()));
        for mark in ["cheaper", "other", ""] {
            assert_eq!(real.admit(marked(Some(mark))), Err(Foreign), "{mark:?}");
        }
        for mark in [None, Some("cheape"), Some("cheaper2"), Some("")] {
            assert_eq!(replay.admit(marked(mark)), Err(Foreign), "{mark:?}");
        }
    }

    #[test]
    fn what_a_line_writes_it_admits() {
        for line in [Line::Real, Line::Replay("cheaper".to_owned())] {
            let mut headers = vec![("ce_id".into(), b"1".to_vec())];
            line.mark(&mut headers);
            let header =
                |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| &value[..]);
            assert_eq!(line.admit(header), Ok(()));
        }
    }
}
