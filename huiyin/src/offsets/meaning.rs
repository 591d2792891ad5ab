//! What a reset means for people, money and rows, by role.

use super::plan::Effect;
use crate::role::Role;

/// What an operator must know before it is done, a line each.
pub(super) fn meaning(role: Role, effect: Effect, unreadable: usize) -> Vec<&'static str> {
    let mut lines = Vec::new();
    if effect.again > 0 {
        lines.push(again(role));
    }
    if effect.perhaps > 0 {
        lines.push(
            "an open range is forgotten: its rows may be stored already, and are stored again under another token",
        );
    }
    if effect.skipped > 0 {
        lines.push(skipped(role));
    }
    if role == Role::Decide && effect != Effect::default() {
        lines.push(
            "the states stay as they are: they belong to the offset before, not to the new one. Decisions are no longer \
             what a fold of the log from its start gives, and `huiyin refold` will say so",
        );
    }
    if unreadable > 0 && matches!(role, Role::Call | Role::Deliver | Role::Account) {
        lines.push(
            "where the metadata cannot be read, what was done or under way above the committed offset is not known and \
             not counted here: it runs again",
        );
    }
    lines
}

fn again(role: Role) -> &'static str {
    match role {
        Role::Ingest | Role::Shadow => "",
        Role::Decide => {
            "folded again on states that know them already: messages within the duplicate horizon are ruled duplicate, \
             older ones too_old; outcomes are booked a second time as late cost; takeovers and recalls take effect \
             again; every decision is written a second time and gets a second row"
        }
        Role::Call => {
            "requests whose answer_by has not passed are called and paid again, unmarked; the others end as expired. \
             Decide books these second outcomes as late cost and sends them to nobody"
        }
        Role::Deliver => {
            "parts whose send_by has not passed are sent to people again; the others get a second delivery record as \
             expired"
        }
        Role::Account => {
            "stored again under other tokens: rows are there twice until `huiyin rebuild` has made the tables anew"
        }
    }
}

fn skipped(role: Role) -> &'static str {
    match role {
        Role::Ingest | Role::Shadow => "",
        Role::Decide => {
            "left out for good: messages get no decision and no answer; outcomes are not let out, and their turns are \
             given up by the safety timer as uncertain; a bundle switch among them does not happen"
        }
        Role::Call => {
            "left out for good: their turns have no outcome, keep their lanes busy, and are given up by decide's safety \
             timer as uncertain, when people get the canned text"
        }
        Role::Deliver => "left out for good: people never get these parts, and no delivery record says so",
        Role::Account => "left out: their rows are missing until `huiyin rebuild` has made the tables anew",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_that_changes_nothing_has_no_warning_and_one_of_decide_always_names_the_states() {
        assert!(meaning(Role::Decide, Effect::default(), 0).is_empty());
        let back = Effect { again: 1, ..Effect::default() };
        let told = meaning(Role::Decide, back, 0).join("\n");
        assert!(told.contains("duplicate") && told.contains("states stay"), "{told}");
        let ahead = Effect { skipped: 1, ..Effect::default() };
        assert!(meaning(Role::Call, ahead, 0).join("\n").contains("uncertain"));
        assert!(meaning(Role::Call, back, 0).join("\n").contains("paid again"));
    }
}
