//! Collects the texts of a payload, as many as a message of Easemob's can have and some more.

use super::field::{Field, is_identifier};
use super::{MAX_NESTING, may_be_json};
use crate::callback::json;
use crate::callback::value::Json;

/// Most texts of a payload. Easemob takes 5 KB of body and extension, in which there is no room for so many.
pub(super) const MOST_TEXTS: usize = 1_024;
/// Most bytes of them. A text that is JSON counts as what it is and by the texts in it.
pub(super) const MOST_BYTES: usize = 64 * 1_024;

/// The texts of a payload.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// Each that is not blank, in order.
    pub(crate) texts: Vec<String>,
    /// There were more texts, or more bytes in them, than are judged.
    pub(crate) is_cut: bool,
    bytes: usize,
}

/// Collects the texts of a payload; when there are too many, those before the bound.
pub(crate) fn gather(payload: &Json<'_>) -> Gathered {
    let mut gathered = Gathered::default();
    gathered.value(payload, Field::Body, 0);
    gathered.join_bodies(payload);
    gathered
}

impl Gathered {
    /// The JSON parser bounds how deep values are nested; `nesting` counts how deep texts that are JSON are.
    fn value(&mut self, value: &Json<'_>, field: Field, nesting: usize) {
        match value {
            _ if self.is_cut => {}
            Json::Text(text) => self.text(text, field, nesting),
            Json::Number(number) if field.shows_numbers() => self.add(&number.to_string()),
            Json::List(items) => items.iter().for_each(|item| self.value(item, field, nesting)),
            Json::Object(fields) => {
                for (name, value) in fields.iter() {
                    if !is_identifier(name) {
                        self.add(name);
                    }
                    if let Some(field) = field.named(name) {
                        self.value(value, field, nesting);
                    }
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    fn text(&mut self, text: &str, field: Field, nesting: usize) {
        if !field.is_text(text) {
            return;
        }
        self.add(text);
        if self.is_cut || !may_be_json(text) {
            return;
        }
        match json::read(text) {
            Ok(inner) if nesting < MAX_NESTING => self.value(&inner, field.of_json(), nesting + 1),
            // We cannot read it as JSON, but another reader may: its escapes are decoded and the whole is one text.
            _ => {
                let plain = json::unescaped(text);
                if plain != *text {
                    self.add(&plain);
                }
            }
        }
    }

    fn add(&mut self, text: &str) {
        if self.is_cut || text.trim().is_empty() {
            return;
        }
        self.bytes += text.len();
        if self.texts.len() >= MOST_TEXTS || self.bytes > MOST_BYTES {
            self.is_cut = true;
            return;
        }
        self.texts.push(text.to_owned());
    }

    /// Several bodies are read one after the other, so a word may begin in one and end in the next: the first texts of all bodies are
    /// one text more.
    fn join_bodies(&mut self, payload: &Json<'_>) {
        let Some(Json::List(bodies)) = payload.get("bodies") else { return };
        if bodies.len() < 2 || self.is_cut {
            return;
        }
        let firsts = bodies.iter().filter_map(|body| {
            let mut of_body = Self::default();
            of_body.value(body, Field::Body, 0);
            of_body.texts.into_iter().next()
        });
        let firsts: Vec<String> = firsts.collect();
        if firsts.len() > 1 {
            self.add(&firsts.concat());
        }
    }
}
