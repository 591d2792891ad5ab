//! Every metric is named by a constant in its crate's list, every constant is in the list, and the code records each as the kind
//! that the list says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::tree::crates;

const KINDS: [&str; 3] = ["counter", "gauge", "histogram"];

/// A file `metrics.rs`, with the sources whose metrics it lists: those around it that have no list closer to them.
struct List {
    path: PathBuf,
    text: String,
    sources: Vec<(PathBuf, String)>,
}

fn lists(sources: Vec<(PathBuf, String)>) -> Vec<List> {
    let is_list = |(path, text): &&(PathBuf, String)| {
        path.ends_with("metrics.rs") && text.contains("METRICS: &[Metric]")
    };
    let mut lists: Vec<List> = sources
        .iter()
        .filter(is_list)
        .map(|(path, text)| List { path: path.clone(), text: text.clone(), sources: Vec::new() })
        .collect();
    for (path, text) in sources {
        let around = |list: &&mut List| path.starts_with(list.path.parent().unwrap());
        let closest = lists.iter_mut().filter(around).max_by_key(|list| list.path.components().count());
        if let Some(list) = closest {
            list.sources.push((path, text));
        } else {
            assert!(macros(&text).is_empty(), "{} has metrics and no list", path.display());
        }
    }
    lists
}

impl List {
    /// Constants that name a metric.
    fn defined(&self) -> BTreeSet<&str> {
        let mut defined = BTreeSet::new();
        for piece in self.text.split("const ").skip(1) {
            let Some((name, rest)) = piece.split_once(':') else { continue };
            let value = rest.split(';').next().unwrap_or_default();
            let named = value.split('"').nth(1).filter(|name| name.starts_with("huiyin_"));
            let Some(metric) = named.filter(|_| value.contains("&str")) else { continue };
            let is_legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            let well_formed = metric.bytes().all(is_legal) && metric.split('_').count() >= 4;
            assert!(well_formed, "{}: {metric} is no huiyin_<step>_<noun>_<unit>", self.path.display());
            defined.insert(name.trim());
        }
        defined
    }

    /// The kind that the list gives each constant.
    fn listed(&self) -> BTreeMap<&str, &'static str> {
        let list = self.text.split("METRICS: &[Metric] =").nth(1).and_then(|rest| rest.split("\n];").next());
        let entries = list.unwrap_or_default().split("Metric::").skip(1);
        let entries = entries.filter_map(|entry| entry.split_once('('));
        entries
            .map(|(kind, rest)| {
                let known = KINDS.into_iter().find(|known| *known == kind);
                let kind = known.unwrap_or_else(|| panic!("{}: kind {kind}", self.path.display()));
                (rest.split(',').next().unwrap_or_default().trim(), kind)
            })
            .collect()
    }

    /// Every constant that is recorded, with each kind that it is recorded as: given to a macro, or to a closure or function that
    /// gives its parameter `name` to one.
    fn recorded(&self) -> BTreeSet<(&str, &'static str)> {
        let mut found = BTreeSet::new();
        for (path, text) in &self.sources {
            for (kind, at) in macros(text) {
                let name = argument(&text[at..]);
                if name != "name" {
                    assert!(is_constant(name), "{}: {kind}!({name}… names no constant", path.display());
                    found.insert((name, kind));
                    continue;
                }
                let (wrapper, reach) = wrapper(&text[..at]);
                for (other, text) in &self.sources {
                    if reach == Reach::File && other != path {
                        continue;
                    }
                    let uses =
                        text.match_indices(&wrapper).map(|(at, _)| argument(&text[at + wrapper.len()..]));
                    found.extend(uses.filter(|name| is_constant(name)).map(|name| (name, kind)));
                }
            }
        }
        found
    }
}

/// Macros that record a metric, each with the place of its first argument.
fn macros(text: &str) -> Vec<(&'static str, usize)> {
    let of_kind = |kind: &'static str| {
        let call = format!("{kind}!(");
        let uses: Vec<usize> = text.match_indices(&call).map(|(at, _)| at).collect();
        let uses = uses.into_iter().filter(|at| !text[..*at].ends_with("describe_"));
        uses.map(|at| (kind, at + call.len())).collect::<Vec<_>>()
    };
    KINDS.into_iter().flat_map(of_kind).collect()
}

/// The last part of the first argument's path.
fn argument(rest: &str) -> &str {
    rest.split([',', ')']).next().unwrap_or_default().trim().rsplit("::").next().unwrap_or_default()
}

fn is_constant(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// Where a closure or a function can be called from.
#[derive(PartialEq)]
enum Reach {
    File,
    Crate,
}

/// How the closure or function is called whose body begins last.
fn wrapper(before: &str) -> (String, Reach) {
    let name = |word: &str| {
        let at = before.rfind(word)?;
        let name = before[at + word.len()..].split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        Some((at, format!("{name}(")))
    };
    let closure = name("let ").filter(|(at, _)| before[*at..].contains('|'));
    let function = name("fn ");
    match (closure, function) {
        (Some((at, closure)), function) if function.as_ref().is_none_or(|(begin, _)| *begin < at) => {
            (closure, Reach::File)
        }
        (_, function) => (function.expect("a macro stands in a function").1, Reach::Crate),
    }
}

#[test]
fn every_metric_stands_in_its_list_and_is_recorded_as_the_list_says() {
    let mut metrics = 0;
    for part in
        crates().into_iter().filter(|part| !["dev", "simulators", "mangle"].contains(&part.name.as_str()))
    {
        for list in lists(part.sources()) {
            let (path, listed) = (list.path.display(), list.listed());
            assert_eq!(list.defined(), listed.keys().copied().collect(), "{path}: constants and list");
            let recorded = list.recorded();
            assert_eq!(recorded, listed.into_iter().collect(), "{path}: what is recorded and the list");
            metrics += recorded.len();
        }
    }
    assert!(metrics > 60, "{metrics} metrics were found");
}
