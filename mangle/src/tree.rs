//! Damage to the tree of a JSON text, including what no tree can hold: a key that comes twice, a number beyond every
//! type, half a surrogate pair, brackets without end.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json as value};

use crate::Input;
use crate::bytes::{Damage, damaged};

/// Begins a text that stands for something that no tree can hold.
const RAW: &str = "\u{1}raw";
/// Begins a name that is written without it.
const TWICE: &str = "\u{1}twice";
/// Brackets of the deepest values.
const DEEP: usize = 20_000;

/// One thing that happens to a tree; a number of a node counts from the root.
#[derive(Debug, Clone)]
enum Change {
    Replace(Index, Value),
    Remove(Index),
    Wrap(Index, usize),
    /// A member of an object comes once more with this value, before or after the others.
    Twice(Index, Value, bool),
    Move(Index, Index),
}

impl Change {
    fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            6 => (any::<Index>(), hostile()).prop_map(|(at, with)| Self::Replace(at, with)),
            2 => any::<Index>().prop_map(Self::Remove),
            1 => (any::<Index>(), select(vec![1usize, 3, 100, 130])).prop_map(|(at, n)| Self::Wrap(at, n)),
            3 => (any::<Index>(), hostile(), any::<bool>()).prop_map(|(at, with, first)| Self::Twice(at, with, first)),
            2 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Self::Move(from, to)),
        ]
    }

    fn apply(&self, root: &mut Value) {
        match self {
            Self::Replace(index, with) => at(root, index, |node| *node = with.clone()),
            Self::Remove(index) => at(root, index, |node| match node {
                Value::Object(fields) if !fields.is_empty() => {
                    let name = fields.keys().nth(index.index(fields.len())).cloned().unwrap_or_default();
                    fields.shift_remove(&name);
                }
                Value::Array(items) if !items.is_empty() => drop(items.remove(index.index(items.len()))),
                other => *other = Value::Null,
            }),
            Self::Wrap(index, times) => at(root, index, |node| {
                *node = (0..*times).fold(node.take(), |inner, _| Value::Array(vec![inner]));
            }),
            Self::Twice(index, with, first) => at(root, index, |node| twice(node, index, with, *first)),
            Self::Move(from, to) => {
                let mut moved = Value::Null;
                at(root, from, |node| moved = node.clone());
                at(root, to, |node| *node = moved);
            }
        }
    }
}

fn twice(node: &mut Value, index: &Index, with: &Value, first: bool) {
    let Value::Object(fields) = node else { return };
    let names: Vec<String> = fields.keys().cloned().collect();
    if let Some(name) = names.get(index.index(names.len().max(1))) {
        let place = if first { 0 } else { fields.len() };
        let marked = format!("{TWICE}{name}");
        if !fields.contains_key(&marked) {
            fields.shift_insert(place, marked, with.clone());
        }
    }
}

/// Values where something else was expected.
fn hostile() -> impl Strategy<Value = Value> {
    let raw = (0..raws().len()).prop_map(|number| Value::String(format!("{RAW}{number}")));
    let plain = vec![
        value!(null),
        value!(true),
        value!(0),
        value!(-1),
        value!(u64::MAX),
        value!(i64::MAX),
        value!(i64::MIN),
        value!(253_402_300_800_000_i64),
        value!(1e308),
        value!(0.1),
        value!(""),
        value!(" "),
        value!("\0"),
        value!("18446744073709551616"),
        value!("-1"),
        value!("a".repeat(70_000)),
        value!("\u{202e}\u{feff}\u{200d}"),
        value!("/../../etc"),
        value!([]),
        value!({}),
        value!([[]]),
        value!({"": {"": ""}}),
        value!("{\"a\":\"{\\\"b\\\":1}\"}"),
    ];
    prop_oneof![
        3 => select(plain),
        2 => raw,
        1 => crate::unicode().prop_map(Value::String),
        1 => any::<i64>().prop_map(|number| value!(number)),
    ]
}

/// What no tree can hold, as it is written.
fn raws() -> [String; 8] {
    [
        "1e999".to_owned(),
        "-1e999".to_owned(),
        "9".repeat(400),
        "0.".to_owned() + &"1".repeat(400),
        r#""\ud83d""#.to_owned(),
        r#""\ude00\ud83d x""#.to_owned(),
        "[".repeat(DEEP) + &"]".repeat(DEEP),
        "{\"a\":".repeat(DEEP) + "1" + &"}".repeat(DEEP),
    ]
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Does something to the node of that number, depth first.
fn at(root: &mut Value, index: &Index, act: impl FnOnce(&mut Value)) {
    visit(root, &mut index.index(count(root)), &mut Some(act));
}

fn visit(value: &mut Value, before: &mut usize, act: &mut Option<impl FnOnce(&mut Value)>) {
    if *before == 0 {
        return act.take().into_iter().for_each(|act| act(value));
    }
    *before -= 1;
    let children: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for child in children {
        if act.is_some() {
            visit(child, before, act);
        }
    }
}

fn written(tree: &Value) -> Vec<u8> {
    let text = tree.to_string();
    if !text.contains("\\u0001") {
        return text.into_bytes();
    }
    let text = text.replace("\\u0001twice", "");
    let raws = raws().into_iter().enumerate();
    raws.fold(text, |text, (number, raw)| text.replace(&format!("\"\\u0001raw{number}\""), &raw)).into_bytes()
}

/// One of the examples, which must be JSON, after a few changes of its tree and then of its bytes; now and then as it is.
pub fn json<T: AsRef<[u8]>>(examples: impl IntoIterator<Item = T>) -> BoxedStrategy<Input> {
    let read = |text: T| serde_json::from_slice::<Value>(text.as_ref()).unwrap_or_default();
    let examples: Vec<Arc<Value>> = examples.into_iter().map(read).map(Arc::new).collect();
    let changes = vec(Change::any(), 0..4);
    let damages = prop_oneof![3 => Just(Vec::new()), 1 => vec(Damage::any(), 1..3)];
    (select(examples), changes, damages)
        .prop_map(|(example, changes, damages)| {
            let mut tree = Value::clone(&example);
            changes.iter().for_each(|change| change.apply(&mut tree));
            damaged((written(&tree), damages))
        })
        .boxed()
}

#[cfg(test)]
mod tests {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    use super::*;

    fn made(number: usize) -> Vec<String> {
        let (examples, mut runner) = ([r#"{"a":{"b":[1,"x"]},"c":"y"}"#], TestRunner::deterministic());
        let strategy = json(examples);
        (0..number).map(|_| strategy.new_tree(&mut runner).unwrap().current().lossy()).collect()
    }

    #[test]
    fn what_no_tree_can_hold_is_made_and_so_are_trees() {
        let made = made(2_000);
        let any = |what: &dyn Fn(&str) -> bool| made.iter().any(|text| what(text));
        assert!(any(&|text| text.contains("1e999")));
        assert!(any(&|text| text.contains(&"9".repeat(400))));
        assert!(any(&|text| text.contains(r#""\ud83d""#)));
        assert!(any(&|text| text.contains(&"[".repeat(DEEP))));
        assert!(any(&|text| text.matches(r#""a":"#).count() == 2 && !text.contains("{\"a\":{\"a")));
        assert!(!any(&|text| text.contains("u0001raw") || text.contains("u0001twice")));
        let read = made.iter().filter(|text| serde_json::from_str::<Value>(text).is_ok()).count();
        assert!((made.len() / 4..made.len()).contains(&read), "{read} can be read");
    }
}
