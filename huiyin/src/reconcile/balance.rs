//! The chain of the log: every step has what the one before it had to give.

use std::collections::BTreeMap;

use super::Found;
use super::books::{Books, Decided};

/// Compares the steps.
pub(super) fn of(books: &Books) -> Found {
    let mut found = Found::default();
    messages(books, &mut found);
    turns(books, &mut found);
    outcomes(books, &mut found);
    parts(books, &mut found);
    found
}

/// Accepted = decided.
fn messages(books: &Books, found: &mut Found) {
    let step = "accepted = decided";
    let mut rulings: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, message) in &books.accepted {
        let decided = books.decided.get(place).into_iter().flatten();
        let own: Vec<&Decided> = decided.filter(|decided| decided.message == *message).collect();
        match own.as_slice() {
            [one] => *rulings.entry(one.ruling.label()).or_default() += 1,
            [] => found.gap(step, message, format!("no decision on events/{}@{}", place.0, place.1)),
            several => found.gap(step, message, format!("{} decisions on one message", several.len())),
        }
    }
    found.line(step, books.accepted.len(), sum(&rulings));
}

/// Asked = done + failed + expired + cancelled + dead + lost.
fn turns(books: &Books, found: &mut Found) {
    let step = "asked = ended";
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for (turn, message) in &books.asked {
        match (books.ended.get(turn), books.lost.contains(turn)) {
            (Some(ended), _) => *ends.entry(ended.outcome).or_default() += 1,
            (None, true) => *ends.entry("lost").or_default() += 1,
            (None, false) => found.gap(step, turn, format!("no end of the turn that {message} opened")),
        }
    }
    found.line(step, books.asked.len(), sum(&ends));
}

/// Every end of a turn of the time was decided on.
fn outcomes(books: &Books, found: &mut Found) {
    let step = "ended = ruled";
    let mut rulings: BTreeMap<&str, usize> = BTreeMap::new();
    let ended = || books.asked.keys().filter_map(|turn| books.ended.get(turn));
    for ended in ended() {
        match books.ruled.get(&ended.request) {
            Some(ruling) => *rulings.entry(ruling.label()).or_default() += 1,
            None => found.gap(step, &ended.request, format!("no decision on the outcome {}", ended.outcome)),
        }
    }
    found.line(step, ended().count(), sum(&rulings));
}

/// Every part that was let out was sent, or is known not to have been.
fn parts(books: &Books, found: &mut Found) {
    let step = "let out = delivered";
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for part in &books.let_out {
        match books.delivered.get(part) {
            Some(end) => *ends.entry(end).or_default() += 1,
            None => found.gap(step, part, "no result of its send"),
        }
    }
    found.line(step, books.let_out.len(), sum(&ends));
}

/// The sum with its parts: `5 = 3 asked + 2 passed`.
fn sum(counts: &BTreeMap<&str, usize>) -> String {
    let parts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    let sum: usize = counts.values().sum();
    if parts.is_empty() { sum.to_string() } else { format!("{sum} = {}", parts.join(" + ")) }
}

#[cfg(test)]
mod tests {
    use schemas::decision::Ruling;

    use super::super::Gap;
    use super::super::books::Ended;
    use super::*;

    fn decided(offset: i64, ruling: Ruling) -> Decided {
        Decided { message: format!("a#b/chat/{offset}"), ruling }
    }

    fn books() -> Books {
        let mut books = Books::default();
        for (offset, ruling) in [(1, Ruling::Asked), (2, Ruling::Passed), (3, Ruling::Asked)] {
            books.accepted.insert((0, offset), format!("a#b/chat/{offset}"));
            books.decided.insert((0, offset), vec![decided(offset, ruling)]);
        }
        for (turn, outcome) in [("t1", "done"), ("t3", "expired")] {
            books.asked.insert(turn.into(), format!("message of {turn}"));
            books.ended.insert(turn.into(), Ended { outcome, request: format!("r-{turn}") });
            books.ruled.insert(format!("r-{turn}"), Ruling::Answered);
        }
        books.let_out.insert("p1".into());
        books.delivered.insert("p1".into(), "sent");
        books
    }

    #[test]
    fn whole_books_have_no_gap_and_every_step_adds_up() {
        let found = of(&books());
        assert!(found.gaps.is_empty(), "{found:?}");
        let told: Vec<_> =
            found.lines.iter().map(|line| format!("{}: {} | {}", line.step, line.left, line.right)).collect();
        assert_eq!(
            told,
            [
                "accepted = decided: 3 | 3 = 2 asked + 1 passed",
                "asked = ended: 2 | 2 = 1 done + 1 expired",
                "ended = ruled: 2 | 2 = 2 answered",
                "let out = delivered: 1 | 1 = 1 sent",
            ]
        );
    }

    #[test]
    fn what_a_message_leads_to_with_others_is_no_second_decision_on_it() {
        let mut books = books();
        let at_third = books.decided.entry((0, 3)).or_default();
        at_third.push(decided(1, Ruling::Asked));
        at_third.push(Decided { message: String::new(), ruling: Ruling::Noted });
        assert!(of(&books).gaps.is_empty());
        books.decided.entry((0, 3)).or_default().remove(0);
        let gaps: Vec<String> = of(&books).gaps.into_iter().map(|gap| gap.id).collect();
        assert_eq!(gaps, ["a#b/chat/3"], "decisions on others are none on it");
    }

    #[test]
    fn whatever_is_missing_is_told_with_its_step_and_id() {
        let gaps = |change: fn(&mut Books)| -> Vec<(String, String)> {
            let mut books = books();
            change(&mut books);
            of(&books).gaps.into_iter().map(|Gap { step, id, .. }| (step, id)).collect()
        };
        let one = |step: &str, id: &str| vec![(step.to_owned(), id.to_owned())];
        assert_eq!(
            gaps(|books| drop(books.decided.remove(&(0, 2)))),
            one("accepted = decided", "a#b/chat/2")
        );
        assert_eq!(
            gaps(|books| books.decided.entry((0, 2)).or_default().push(decided(2, Ruling::Passed))),
            one("accepted = decided", "a#b/chat/2")
        );
        assert_eq!(gaps(|books| drop(books.ended.remove("t3"))), one("asked = ended", "t3"));
        assert_eq!(
            gaps(|books| books.ruled.retain(|request, _| request != "r-t1")),
            one("ended = ruled", "r-t1")
        );
        assert_eq!(gaps(|books| books.delivered.clear()), one("let out = delivered", "p1"));
        let lost = gaps(|books| {
            books.ended.remove("t3");
            books.lost.insert("t3".into());
        });
        assert_eq!(lost, []);
    }
}
