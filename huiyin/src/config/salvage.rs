//! Reads as much of a file as can be read, and finds everything that cannot.
//!
//! Serde ends at the first thing that does not fit its type. Here that thing is told, taken out of the tree, and the rest is read
//! again, until what is left fits.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Error, ValueDeserializer};

use super::lines::name_of;
use super::raw::Raw;

/// More mistakes than this are not looked for.
const MOST: usize = 1_000;

/// What was not read as it is written. Nothing may be told about what stands in its place.
#[derive(Default)]
pub(super) struct Unread {
    /// Sections in which something was taken out.
    sections: BTreeSet<String>,
    /// Entries of `[[app]]`, `[[target]]`, `[[model]]`, `[[price]]` and `[[hash_key]]` of which something was taken out, by the byte at which their name begins.
    entries: BTreeSet<usize>,
}

impl Unread {
    /// Something of the section was not read.
    pub(super) fn section(&self, name: &str) -> bool {
        self.sections.contains(name)
    }

    /// Something of the entry of that name was not read.
    pub(super) fn entry(&self, name: &Spanned<String>) -> bool {
        self.entries.contains(&name.span().start)
    }
}

/// One step from a value to one in it.
enum Step {
    Key(String),
    Index(usize),
}

/// A tree that is read piece by piece.
pub(super) struct Salvage<'t> {
    tree: Spanned<DeValue<'t>>,
    unread: Unread,
    /// Keys that were taken out, with the place of their table: that they are missing is no mistake of the file.
    taken: BTreeSet<(usize, String)>,
}

impl<'t> Salvage<'t> {
    pub(super) fn new(tree: Spanned<DeTable<'t>>) -> Self {
        let tree = Spanned::new(tree.span(), DeValue::Table(tree.into_inner()));
        Self { tree, unread: Unread::default(), taken: BTreeSet::new() }
    }

    /// Takes the value out that stands at that byte.
    pub(super) fn take_out(&mut self, at: usize) {
        if let Some(path) = self.path(&(at..at)) {
            self.remove(&path);
        }
    }

    /// The sections, as far as they can be read, and what is wrong with the rest. There are none if what is wrong cannot be found.
    pub(super) fn read(mut self) -> (Option<Raw>, Unread, Vec<Error>) {
        let (mut errors, mut told) = (Vec::new(), BTreeSet::new());
        for _ in 0..MOST {
            let error = match Raw::deserialize(ValueDeserializer::from(self.tree.clone())) {
                Ok(raw) => return (Some(raw), self.unread, errors),
                Err(error) => error,
            };
            let span = error.span().unwrap_or_default();
            let path = self.path(&span);
            let missing = error.message().strip_prefix("missing field `").and_then(|m| m.strip_suffix('`'));
            let missing = missing.map(str::to_owned);
            let is_known =
                missing.as_ref().is_some_and(|key| self.taken.contains(&(span.start, key.clone())));
            // Of one place the first error is told: the others follow from it.
            if told.insert((span.start, span.end, missing.clone())) && !is_known {
                errors.push(error);
            }
            match (path, missing) {
                (None, _) => break,
                (Some(path), Some(key)) if self.stand_in(&path, &key) => {}
                (Some(path), _) => self.remove(&path),
            }
        }
        (None, self.unread, errors)
    }

    /// The way to the innermost value or key with these bytes, or around them.
    fn path(&self, span: &Range<usize>) -> Option<Vec<Step>> {
        let around = |of: Range<usize>| of.start <= span.start && span.end <= of.end && !of.is_empty();
        path(self.tree.get_ref(), &|of| of == *span).or_else(|| path(self.tree.get_ref(), &around))
    }

    fn remove(&mut self, path: &[Step]) {
        self.note(path);
        if let (Some(Step::Key(key)), Some(table)) = (path.last(), self.table(path)) {
            self.taken.insert((table, key.clone()));
        }
        remove(self.tree.get_mut(), path);
    }

    /// Notes whose part is not read.
    fn note(&mut self, path: &[Step]) {
        let Some((Step::Key(section), rest)) = path.split_first() else { return };
        self.unread.sections.insert(section.clone());
        let Some(Step::Index(index)) = rest.first() else { return };
        let entries = self.tree.get_ref().as_table().and_then(|table| table.get(section.as_str()));
        let entry = entries.and_then(|entries| entries.get_ref().as_array()?.get(*index));
        let name = entry.and_then(|entry| name_of(entry.get_ref().as_table()?));
        self.unread.entries.extend(name.map(|name| name.span().start));
    }

    /// Where the table stands that the last key of the way is in.
    fn table(&self, path: &[Step]) -> Option<usize> {
        let (_, to) = path.split_last()?;
        let table = to.iter().try_fold(&self.tree, |value, step| match (value.get_ref(), step) {
            (DeValue::Table(table), Step::Key(key)) => table.get(key.as_str()),
            (DeValue::Array(array), Step::Index(index)) => array.get(*index),
            _ => None,
        });
        table.map(|table| table.span().start)
    }

    /// Gives an app or a target a value for a key that it must have, so that other sections find it by its name.
    fn stand_in(&mut self, path: &[Step], key: &str) -> bool {
        let [Step::Key(section), Step::Index(index)] = path else { return false };
        let value = match (section.as_str(), key) {
            ("app", "chain" | "allowed_regions") => DeValue::Array(DeArray::new()),
            ("target", "provider") => DeValue::String(Cow::Borrowed("local")),
            ("target", "model" | "region") => DeValue::String(Cow::Borrowed("-")),
            _ => return false,
        };
        self.note(path);
        let DeValue::Table(root) = self.tree.get_mut() else { return false };
        let Some(DeValue::Array(entries)) = root.get_mut(section.as_str()).map(Spanned::get_mut) else {
            return false;
        };
        let Some(DeValue::Table(entry)) = entries.get_mut(*index).map(Spanned::get_mut) else { return false };
        entry.insert(Spanned::new(0..0, Cow::Owned(key.to_owned())), Spanned::new(0..0, value)).is_none()
    }
}

/// The way to the innermost value whose bytes, or those of its key, fit.
fn path(value: &DeValue<'_>, fits: &impl Fn(Range<usize>) -> bool) -> Option<Vec<Step>> {
    let further = |step: Step, value: &Spanned<DeValue<'_>>, key: Option<Range<usize>>| {
        let inner = path(value.get_ref(), fits);
        let inner = inner.or_else(|| (fits(value.span()) || key.is_some_and(fits)).then(Vec::new))?;
        Some(std::iter::once(step).chain(inner).collect())
    };
    match value {
        DeValue::Table(table) => table
            .iter()
            .find_map(|(key, value)| further(Step::Key(key.get_ref().to_string()), value, Some(key.span()))),
        DeValue::Array(array) => {
            array.iter().enumerate().find_map(|(index, value)| further(Step::Index(index), value, None))
        }
        _ => None,
    }
}

fn remove(value: &mut DeValue<'_>, path: &[Step]) {
    match (value, path) {
        (DeValue::Table(table), [Step::Key(key)]) => drop(table.remove(key.as_str())),
        (DeValue::Array(array), [Step::Index(index)]) => {
            let mut kept = DeArray::new();
            let others = array.iter().enumerate().filter(|(at, _)| at != index);
            others.for_each(|(_, value)| kept.push(value.clone()));
            *array = kept;
        }
        (DeValue::Table(table), [Step::Key(key), rest @ ..]) => {
            if let Some(value) = table.get_mut(key.as_str()) {
                remove(value.get_mut(), rest);
            }
        }
        (DeValue::Array(array), [Step::Index(index), rest @ ..]) => {
            if let Some(value) = array.get_mut(*index) {
                remove(value.get_mut(), rest);
            }
        }
        _ => {}
    }
}
