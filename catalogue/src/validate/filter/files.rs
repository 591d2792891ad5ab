//! `[[filter.dictionary]]` and `[[filter.allow]]`.

use std::collections::BTreeSet;
use std::sync::Arc;

use common::{Action, Problems};
use safety::{Entry, Form, LineProblem, allowed_spans, read};
use toml::Spanned;

use super::{Known, action, optional};
use crate::filter::{AllowList, Content, Contents, Dictionary, SHIPPED, shipped};
use crate::raw::{RawDictionary, RawFilter};

/// Most problems of one file that are told; the rest is counted.
const TOLD: usize = 20;

/// Adds the dictionaries.
pub(super) fn dictionaries(raw: &RawFilter, known: &mut Known, problems: &mut Problems) {
    for raw_dictionary in &raw.dictionary {
        let place = format!("filter.dictionary {:?}", raw_dictionary.name.get_ref());
        name(&place, &raw_dictionary.name, problems);
        let own = action(&place, &raw_dictionary.action, problems);
        let output = optional(&place, raw_dictionary.output.as_ref(), problems);
        let Some((form, text)) = text(raw, raw_dictionary, &place, problems) else { continue };
        let mut dictionary = dictionary(raw_dictionary, form);
        (dictionary.action, dictionary.output) = (own.unwrap_or(Action::Block), output);
        let (entries, found) = read(form, &text, &dictionary.defaults());
        tell(&place, raw_dictionary.file.as_ref(), &found, problems);
        dictionary.content = Content::of(&text, entries.len());
        let key = raw_dictionary.name.get_ref();
        ids(key, &entries, known, &mut |what| problems.add_at(&place, &raw_dictionary.name, what));
        if known.filter.dictionaries.insert(key.clone(), dictionary).is_some() {
            problems.add_at(&place, &raw_dictionary.name, "it is configured twice");
        }
    }
}

/// Adds the ids that verdicts name for words of a dictionary.
fn ids(name: &str, entries: &[Entry], known: &mut Known, problem: &mut dyn FnMut(String)) {
    let categories: BTreeSet<&str> = entries.iter().map(|entry| entry.category.as_str()).collect();
    for category in categories {
        let id = format!("{name}/{category}");
        if known.filter.rules.iter().any(|rule| rule.id == id) {
            problem(format!("its words of the category {category:?} have the id of the rule {id:?}"));
        }
        known.ids.insert(id);
    }
}

/// Adds the allow-lists.
pub(super) fn allow_lists(raw: &RawFilter, known: &mut Known, problems: &mut Problems) {
    for list in &raw.allow {
        let place = format!("filter.allow {:?}", list.name.get_ref());
        name(&place, &list.name, problems);
        let text = raw.files.text(list.file.get_ref());
        let Some(text) = problems.take_at(&place, &list.file, text.map_err(|why| unread(&list.file, &why)))
        else {
            continue;
        };
        let spans = allowed_spans(&text).unwrap_or_else(|found| {
            tell(&place, Some(&list.file), &found, problems);
            Vec::new()
        });
        let allow = AllowList { content: Content::of(&text, spans.len()), named_only: !list.shared };
        if known.filter.allow.insert(list.name.get_ref().clone(), allow).is_some() {
            problems.add_at(&place, &list.name, "it is configured twice");
        }
    }
}

/// The text of a dictionary and how it is written.
fn text(
    all: &RawFilter,
    raw: &RawDictionary,
    place: &str,
    problems: &mut Problems,
) -> Option<(Form, Arc<str>)> {
    match (&raw.file, &raw.shipped) {
        (Some(file), None) => {
            let text = all.files.text(file.get_ref()).map_err(|why| unread(file, &why));
            let form = Form::of(file.get_ref());
            problems.take_at(place, file, text).map(|text| (form, text))
        }
        (None, Some(name)) => {
            let known = || format!("{:?} is none of {}", name.get_ref(), SHIPPED.join(", "));
            let shipped = shipped(name.get_ref()).ok_or_else(known);
            problems.take_at(place, name, shipped).map(|(form, text)| (form, Arc::from(text)))
        }
        _ => {
            problems.add_at(
                place,
                &raw.name,
                "it needs a file or the name of a shipped dictionary, and not both",
            );
            None
        }
    }
}

fn unread(file: &Spanned<String>, why: &str) -> String {
    format!("read {:?}: {why}", file.get_ref())
}

fn dictionary(raw: &RawDictionary, form: Form) -> Dictionary {
    Dictionary {
        content: Content::of("", 0),
        form,
        category: raw.category.clone(),
        action: Action::Block,
        output: None,
        severity: raw.severity,
        views: raw.views.iter().copied().collect(),
        border: raw.border,
        language: raw.language.clone(),
        shadow: raw.shadow,
        on_error: raw.on_error,
        named_only: !raw.shared,
    }
}

fn name(place: &str, at: &Spanned<String>, problems: &mut Problems) {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    let name = at.get_ref();
    if !(1..=64).contains(&name.len()) || !name.bytes().all(legal) {
        problems.add_at(place, at, "name must be 1 to 64 of a-z, 0-9, - and _");
    }
}

/// What is wrong in a file, with the lines of the file, at the place where the configuration names it.
pub(crate) fn tell(
    place: &str,
    at: Option<&Spanned<String>>,
    found: &[LineProblem],
    problems: &mut Problems,
) {
    let Some(at) = at else { return };
    for LineProblem { line, what } in found.iter().take(TOLD) {
        problems.add_at(place, at, format!("{}:{line}: {what}", at.get_ref()));
    }
    if found.len() > TOLD {
        problems.add_at(place, at, format!("{}: {} more problems", at.get_ref(), found.len() - TOLD));
    }
}

/// Texts of every content that a filter names, by the files that it was made of.
pub(crate) fn contents(raw: &RawFilter) -> Contents {
    let mut contents = Contents::default();
    let files = raw.paths().into_iter().filter_map(|path| raw.files.text(path).ok());
    let shipped = raw.dictionary.iter().filter_map(|raw| shipped(raw.shipped.as_ref()?.get_ref()));
    for text in files.chain(shipped.map(|(_, text)| Arc::from(text))) {
        contents.insert(&Content::of(&text, 0), text);
    }
    contents
}
