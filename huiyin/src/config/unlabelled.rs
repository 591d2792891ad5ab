//! Answers without a label: what was sent so must be on record for half a year.

use account::RawAccount;
use catalogue::RawCatalogue;
use common::{Problem, Problems};

/// Shortest time, in days, for which facts of deliveries are kept where answers go out without a label.
const SHORTEST: u16 = 180;

/// Warnings, where an app sends answers without a label: of a retention of deliveries that is too short, and of a file that keeps
/// none. The facts hold no text.
pub(super) fn warnings(sections: &RawCatalogue, account: Option<&RawAccount>) -> Vec<Problem> {
    let mut problems = Problems::default();
    let unlabelled = sections.app.iter().filter(|app| app.label.get_ref().is_empty());
    let Some((app, consent)) = unlabelled.filter_map(|app| Some((app, app.consent.as_ref()?))).next() else {
        return Vec::new();
    };
    let (key, table) = (app.key.get_ref(), account::DELIVERIES);
    match account.map(account::validate) {
        // What is wrong with the section is told elsewhere.
        Some(Err(_)) => {}
        Some(Ok(account)) if account.days_of_deliveries() >= SHORTEST => {}
        Some(Ok(account)) => problems.add(
            "account",
            format!(
                "retention_days.{table}: {} days are fewer than {SHORTEST}, and app {key:?} sends answers without a label",
                account.days_of_deliveries()
            ),
        ),
        None => problems.add_at(
            &format!("app {key:?}"),
            consent,
            format!("there is no section [account] here: facts of deliveries must be kept for {SHORTEST} days"),
        ),
    }
    problems.into_vec()
}
