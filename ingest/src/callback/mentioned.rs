//! The list of mentions in `ext.em_at_list`. Easemob documents an array of ids, or the text `ALL`; clients also send the array
//! as text, ids between commas, and objects with an id in them.

use schemas::ids::UserId;

use super::field;
use super::value::Json;

/// Stands for everybody, and mentions nobody in particular.
const ALL: &str = "ALL";
/// Names of the field that holds an object's id, in lower case and without underscores.
const ID_FIELDS: [&str; 6] = ["id", "userid", "uid", "username", "user", "account"];
/// Characters that separate ids in a text.
const BETWEEN: [char; 6] = [',', ';', '，', '；', '、', '\n'];

/// Who is mentioned, in order.
pub(super) fn users(list: &Json<'_>) -> Vec<UserId> {
    match list {
        Json::List(items) => items.iter().filter_map(user).collect(),
        Json::Text(text) => match serde_json::from_str(text) {
            Ok(list @ (Json::List(_) | Json::Object(_))) => users(&list),
            _ => text.split(BETWEEN).filter_map(id).collect(),
        },
        one => user(one).into_iter().collect(),
    }
}

/// Everybody is mentioned.
pub(super) fn is_all(list: &Json<'_>) -> bool {
    let is_it = |text: &str| text.trim().eq_ignore_ascii_case(ALL);
    match list {
        Json::Text(text) => match serde_json::from_str(text) {
            Ok(list @ Json::List(_)) => is_all(&list),
            _ => text.split(BETWEEN).any(is_it),
        },
        Json::List(items) => items.iter().any(|item| item.as_str().is_some_and(is_it)),
        _ => false,
    }
}

fn user(item: &Json<'_>) -> Option<UserId> {
    let Json::Object(fields) = item else { return id(&field::id_of(item)?) };
    let is_id = |name: &str| ID_FIELDS.contains(&&*name.to_ascii_lowercase().replace('_', ""));
    fields.iter().filter(|(name, _)| is_id(name)).find_map(|(_, value)| id(&field::id_of(value)?))
}

fn id(text: &str) -> Option<UserId> {
    let id = text.trim();
    if id.eq_ignore_ascii_case(ALL) { None } else { UserId::new(id).ok() }
}
