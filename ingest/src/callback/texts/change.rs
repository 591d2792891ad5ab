//! Changes the texts of a payload where they stand.

use std::borrow::Cow;

use super::field::{Field, is_identifier};
use super::{MAX_NESTING, may_be_json};
use crate::callback::json;
use crate::callback::value::Json;

/// Calls `on` with every text of a payload, and puts what `on` makes of it in its place. Names of fields, numbers and what cannot be read as
/// JSON stay as they are.
pub(crate) fn visit(payload: &mut Json<'_>, on: &mut dyn FnMut(&mut String)) {
    value(payload, Field::Body, 0, on);
}

fn value(json: &mut Json<'_>, field: Field, nesting: usize, on: &mut dyn FnMut(&mut String)) {
    match json {
        Json::Text(text) if field.is_text(text) => self::text(text, field, nesting, on),
        Json::Number(number) if field.shows_numbers() => on(&mut number.to_string()),
        Json::List(items) => items.iter_mut().for_each(|item| value(item, field, nesting, on)),
        Json::Object(fields) => {
            for (name, inner) in fields.iter_mut() {
                if !is_identifier(name) {
                    on(&mut name.to_owned());
                }
                if let Some(field) = field.named(name) {
                    value(inner, field, nesting, on);
                }
            }
        }
        Json::Text(_) | Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Changes a text, and if it is JSON the texts in it, which are escaped there.
fn text(text: &mut Cow<'_, str>, field: Field, nesting: usize, on: &mut dyn FnMut(&mut String)) {
    on(text.to_mut());
    if !may_be_json(text) {
        return;
    }
    let changed = match json::read(text) {
        Ok(mut inner) if nesting < MAX_NESTING => {
            let before = inner.clone();
            value(&mut inner, field.of_json(), nesting + 1, on);
            (inner != before).then(|| inner.to_string())
        }
        _ => {
            let mut plain = json::unescaped(text);
            if plain != **text {
                on(&mut plain);
            }
            None
        }
    };
    if let Some(changed) = changed {
        *text = changed.into();
    }
}
