//! What was sent must be on record for half a year.

use account::RawAccount;
use catalogue::RawCatalogue;
use common::{Problem, Problems};

/// Shortest time, in days, for which facts of deliveries are kept: six months, which the Measures for Labelling AI-Generated Synthetic
/// Content (in force 2025-09-01, article 9) ask for where answers go out without a label.
const SHORTEST: u16 = 180;

/// Warnings of a retention of deliveries that is too short; and of a file that keeps none although an app sends answers without a label. The
/// facts hold no text.
pub(super) fn warnings(sections: &RawCatalogue, account: Option<&RawAccount>) -> Vec<Problem> {
    let mut problems = Problems::default();
    let unlabelled = sections.app.iter().filter(|app| app.label.get_ref().is_empty());
    let unlabelled = unlabelled.filter_map(|app| Some((app.key.get_ref(), app.consent.as_ref()?))).next();
    let table = account::DELIVERIES;
    match account.map(account::validate) {
        // What is wrong with the section is told elsewhere.
        Some(Err(_)) => {}
        Some(Ok(account)) if account.days_of_deliveries() >= SHORTEST => {}
        Some(Ok(account)) => {
            let days = account.days_of_deliveries();
            let and = unlabelled.map_or_else(String::new, |(key, _)| {
                format!(", and app {key:?} sends answers without a label")
            });
            problems.add(
                "account",
                format!("retention_days.{table}: {days} days are fewer than {SHORTEST}{and}"),
            );
        }
        None => {
            if let Some((key, consent)) = unlabelled {
                problems.add_at(
                    &format!("app {key:?}"),
                    consent,
                    format!("there is no section [account] here: facts of deliveries must be kept for {SHORTEST} days"),
                );
            }
        }
    }
    problems.into_vec()
}
