//! How many answers a person had within a minute: a window per person that begins with its first answer, by the log's time. Only the
//! persons who were answered within the last minute are known, and no more than [`MOST_PERSONS`] of them.

use schemas::Millis;
use schemas::ids::UserId;
use schemas::state::RecentAnswers;

/// Length of a window, in milliseconds.
const WINDOW: Millis = 60_000;
/// Most persons of a conversation that are known. Beyond it the one whose window is oldest is forgotten, and begins anew.
const MOST_PERSONS: usize = 64;

/// What may be said to a person now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// An answer.
    Given,
    /// That there are no more answers for now.
    Refused,
    /// Nothing: the person was told that.
    ToldBefore,
}

/// Counts one more answer to that person, of at most so many within a window.
pub(crate) fn ask(recent: &mut Vec<RecentAnswers>, person: &UserId, most: u32, now: Millis) -> Leave {
    recent.retain(|one| now < one.since + WINDOW);
    if !recent.iter().any(|one| one.person == *person) {
        if recent.len() >= MOST_PERSONS {
            recent.remove(0);
        }
        recent.push(RecentAnswers { person: person.canonical(), since: now, answers: 0, told: false });
    }
    match recent.iter_mut().find(|one| one.person == *person) {
        Some(one) if one.answers >= most && one.told => Leave::ToldBefore,
        Some(one) if one.answers >= most => {
            one.told = true;
            Leave::Refused
        }
        Some(one) => {
            one.answers += 1;
            Leave::Given
        }
        None => Leave::Given,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn person(id: u32) -> UserId {
        UserId::new(format!("User{id}")).unwrap()
    }

    #[test]
    fn beyond_the_limit_a_person_is_told_once_until_the_window_ends() {
        let mut recent = Vec::new();
        let mut asked = |at| ask(&mut recent, &person(1), 2, at);
        assert_eq!([asked(0), asked(10)], [Leave::Given, Leave::Given]);
        assert_eq!(
            [asked(20), asked(30), asked(59_999)],
            [Leave::Refused, Leave::ToldBefore, Leave::ToldBefore]
        );
        assert_eq!(
            [asked(60_000), asked(60_001), asked(60_002)],
            [Leave::Given, Leave::Given, Leave::Refused]
        );
    }

    #[test]
    fn each_person_is_counted_alone_however_the_id_is_spelt() {
        let mut recent = Vec::new();
        assert_eq!(ask(&mut recent, &person(1), 1, 0), Leave::Given);
        assert_eq!(ask(&mut recent, &person(2), 1, 0), Leave::Given);
        assert_eq!(ask(&mut recent, &UserId::new("USER1").unwrap(), 1, 0), Leave::Refused);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn however_many_people_ask_what_is_kept_is_bounded_and_nobody_has_more_than_the_limit_in_a_window(
            asks in prop::collection::vec((0_u32..100, 0_i64..5_000), 1..400), most in 1_u32..4,
        ) {
            let (mut recent, mut now) = (Vec::new(), 0);
            for (who, pause) in asks {
                now += pause;
                ask(&mut recent, &person(who), most, now);
                prop_assert!(recent.len() <= MOST_PERSONS && recent.is_sorted_by_key(|one| one.since));
                prop_assert!(recent.iter().all(|one| one.answers <= most && now < one.since + WINDOW));
            }
        }
    }
}
