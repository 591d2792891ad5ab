//! A table of persons and their tiers, as a file with a line `user<TAB>tier` for each.
//!
//! A million persons are held without a text, a pointer or a hash of their own: their ids stand one after the other, sorted, and are found
//! by halves.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use safety::LineProblem;
use schemas::ids::UserId;

/// Most persons of a table.
pub const MOST_USERS: usize = 1_000_000;
/// Most tiers that it names.
const MOST_TIERS: usize = u8::MAX as usize + 1;

/// Persons with their tiers. Ids compare without ASCII case.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TierTable {
    /// Their ids in lower case, sorted, one after the other.
    ids: Box<str>,
    /// Where each ends.
    ends: Box<[u32]>,
    /// The tier of each, as a place among the names.
    tiers: Box<[u8]>,
    names: Vec<String>,
}

/// A line that says something.
struct Line<'t> {
    number: u32,
    user: &'t str,
    tier: u8,
}

impl TierTable {
    /// Reads a file. Empty lines and those that begin with `#` say nothing. What is wrong in a line is told, and the others count; of
    /// a person who is named twice the first line counts.
    pub fn read(text: &str, is_tier: impl Fn(&str) -> bool) -> (Self, Vec<LineProblem>) {
        let (mut table, mut problems) = (Self::default(), Vec::new());
        let mut places: BTreeMap<&str, u8> = BTreeMap::new();
        let mut lines: Vec<Line<'_>> = Vec::new();
        for (number, line) in (1..).zip(text.strip_prefix('\u{feff}').unwrap_or(text).lines()) {
            let line = line.trim_matches([' ', '\r']);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let read = person(line).and_then(|(user, tier)| {
                let place = match places.get(tier) {
                    Some(place) => *place,
                    None if !is_tier(tier) => return Err(format!("the tier {tier:?} is not configured")),
                    None => {
                        let place = u8::try_from(table.names.len())
                            .map_err(|_| format!("a table has at most {MOST_TIERS} tiers"))?;
                        table.names.push(tier.to_owned());
                        places.insert(tier, place);
                        place
                    }
                };
                Ok(Line { number: u32::try_from(number).unwrap_or(u32::MAX), user, tier: place })
            });
            match read {
                Ok(_) if lines.len() == MOST_USERS => {
                    let what = format!("a table has at most {MOST_USERS} users");
                    problems.push(LineProblem { line: number, what });
                    break;
                }
                Ok(line) => lines.push(line),
                Err(what) => problems.push(LineProblem { line: number, what }),
            }
        }
        table.take(lines, &mut problems);
        (table, problems)
    }

    /// Takes the lines over, sorted, each person once.
    fn take(&mut self, mut lines: Vec<Line<'_>>, problems: &mut Vec<LineProblem>) {
        // In a file that is sorted already nothing moves.
        lines.sort_by(|one, other| compared(one.user.as_bytes(), other.user.as_bytes()));
        let mut ids = String::with_capacity(lines.iter().map(|line| line.user.len()).sum());
        let (mut ends, mut tiers) = (Vec::with_capacity(lines.len()), Vec::with_capacity(lines.len()));
        let mut before: Option<&Line<'_>> = None;
        for line in &lines {
            if let Some(first) = before.filter(|before| before.user.eq_ignore_ascii_case(line.user)) {
                let what = format!("{:?} stands in line {} already", line.user, first.number);
                problems.push(LineProblem { line: line.number as usize, what });
                continue;
            }
            ids.extend(line.user.chars().map(|c| c.to_ascii_lowercase()));
            // Files have at most 32 MiB.
            ends.push(u32::try_from(ids.len()).unwrap_or(u32::MAX));
            tiers.push(line.tier);
            before = Some(line);
        }
        problems.sort_by_key(|problem| problem.line);
        (self.ids, self.ends, self.tiers) = (ids.into(), ends.into(), tiers.into());
    }

    /// The tier of a person.
    pub fn tier(&self, user: &UserId) -> Option<&str> {
        let (mut from, mut to) = (0, self.ends.len());
        while from < to {
            let middle = from.midpoint(to);
            match compared(self.id(middle)?.as_bytes(), user.as_str().as_bytes()) {
                Ordering::Less => from = middle + 1,
                Ordering::Greater => to = middle,
                Ordering::Equal => {
                    return self.names.get(usize::from(*self.tiers.get(middle)?)).map(String::as_str);
                }
            }
        }
        None
    }

    /// How many persons it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// It has nobody.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of memory that it takes.
    pub fn bytes(&self) -> usize {
        let names: usize = self.names.iter().map(|name| name.capacity() + size_of::<String>()).sum();
        size_of::<Self>() + self.ids.len() + size_of_val(&*self.ends) + self.tiers.len() + names
    }

    fn id(&self, place: usize) -> Option<&str> {
        let begin = place.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.ids.get(begin as usize..*self.ends.get(place)? as usize)
    }
}

/// The person and the tier of a line.
fn person(line: &str) -> Result<(&str, &str), String> {
    let (user, tier) = line.split_once('\t').ok_or("it is not a user, a tab and a tier")?;
    let (user, tier) = (user.trim(), tier.trim());
    UserId::new(user).map_err(|bad| bad.to_string())?;
    if tier.is_empty() { Err("it names no tier".to_owned()) } else { Ok((user, tier)) }
}

/// The order of ids, in which the case of ASCII letters makes no difference.
fn compared(one: &[u8], other: &[u8]) -> Ordering {
    one.iter().map(u8::to_ascii_lowercase).cmp(other.iter().map(u8::to_ascii_lowercase))
}

#[cfg(test)]
mod tests;
