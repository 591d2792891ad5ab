//! `docs/configuration.md` is what the schema says. `UPDATE_SCHEMAS=1 cargo test -p huiyin reference` writes it anew.

use std::path::Path;

use serde_json::{Map, Value};

const INTRODUCTION: &str = include_str!("reference/introduction.md");

/// The pages' tables, in the order of the schema.
struct Reference {
    definitions: Map<String, Value>,
    text: String,
}

impl Reference {
    /// What a schema refers to, or itself.
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema["$ref"].as_str().and_then(|target| target.strip_prefix("#/$defs/"));
        name.map_or(schema, |name| self.resolve(&self.definitions[name]))
    }

    /// The table that a key holds, with its heading: one table, or a list of them.
    fn inner<'a>(&'a self, path: &str, schema: &'a Value) -> Option<(String, &'a Value)> {
        let own = self.resolve(schema);
        if own.get("properties").is_some() {
            return Some((format!("[{path}]"), own));
        }
        let items = own.get("items").map(|items| self.resolve(items));
        items.filter(|items| items.get("properties").is_some()).map(|items| (format!("[[{path}]]"), items))
    }

    /// Writes a section with everything in it. `around` is the key that holds it.
    fn section(&mut self, path: &str, around: &Value) {
        let Some((heading, table)) = self.inner(path, around) else { return self.open_section(path, around) };
        let table = table.clone();
        let level = if path.contains('.') { "###" } else { "##" };
        self.text
            .push_str(&format!("\n{level} `{heading}`\n\n{}\n", both(&describe(around), &describe(&table))));
        let keys = table["properties"].as_object().unwrap().clone();
        let required = table["required"].as_array().cloned().unwrap_or_default();
        let rows: Vec<String> = keys
            .iter()
            .filter(|(key, schema)| self.inner(key, schema).is_none())
            .map(|(key, schema)| self.row(key, schema, required.contains(&Value::from(key.as_str()))))
            .collect();
        if !rows.is_empty() {
            self.text.push_str("\n| Key | Value | Default | Meaning |\n|---|---|---|---|\n");
            self.text.push_str(&rows.concat());
        }
        for (key, schema) in &keys {
            if self.inner(key, schema).is_some() {
                self.section(&format!("{path}.{key}"), schema);
            }
        }
    }

    /// A section of any keys.
    fn open_section(&mut self, path: &str, around: &Value) {
        self.text.push_str(&format!("\n## `[{path}]`\n\n{}\n", describe(around)));
    }

    fn row(&self, key: &str, schema: &Value, required: bool) -> String {
        let default = schema.get("default").map(|default| toml::Value::try_from(default).unwrap());
        let shown = match &default {
            _ if required => "required".to_owned(),
            None => "–".to_owned(),
            Some(default) => format!("`{default}`"),
        };
        let meaning = meaning(schema, &shown);
        assert!(!meaning.is_empty(), "{key} has no meaning");
        let is_duration =
            |value: &toml::Value| value.as_str().is_some_and(|it| humantime::parse_duration(it).is_ok());
        let kind = match &default {
            Some(default) if is_duration(default) => "duration".to_owned(),
            _ => self.kind(schema),
        };
        let words = self.words(schema);
        let of_words = words.iter().filter(|(_, meaning)| !meaning.is_empty());
        let of_words: String = of_words.map(|(word, meaning)| format!("<br>`{word}`: {meaning}")).collect();
        let cells = [format!("`{key}`"), kind, shown, meaning + &of_words];
        format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
    }

    /// The closed words of a key, each with what it means.
    fn words(&self, schema: &Value) -> Vec<(String, String)> {
        let own = self.resolve(schema);
        let word = |value: &Value| value.as_str().map(str::to_owned);
        let of_enum = own["enum"].as_array().into_iter().flatten();
        let of_enum = of_enum.filter_map(|value| Some((word(value)?, String::new())));
        let of_choice = own["oneOf"].as_array().into_iter().flatten();
        let of_choice = of_choice.filter_map(|value| Some((word(&value["const"])?, describe(value))));
        of_enum.chain(of_choice).collect()
    }

    /// What kind of value a key takes.
    fn kind(&self, schema: &Value) -> String {
        let words = self.words(schema);
        if !words.is_empty() {
            let words: Vec<String> = words.into_iter().map(|(word, _)| format!("`\"{word}\"`")).collect();
            return words.join(", ");
        }
        let own = self.resolve(schema);
        if let Some(choices) = own["anyOf"].as_array().or(own["oneOf"].as_array()) {
            let kinds: Vec<String> = choices.iter().map(|choice| self.kind(choice)).collect();
            return kinds.join(" or ");
        }
        match own["type"].as_str() {
            Some("string") => "text".to_owned(),
            Some("integer") => "whole number".to_owned(),
            Some("number") => "number".to_owned(),
            Some("boolean") => "`true`, `false`".to_owned(),
            Some("array") => format!("list of {}", self.kind(&own["items"])),
            Some("object") => match own.get("additionalProperties").filter(|values| values.is_object()) {
                Some(values) => format!("table of {}", self.kind(values)),
                None => "table".to_owned(),
            },
            _ => panic!("no kind of value: {own}"),
        }
    }
}

/// What a key says of its table, and what the table says of itself; once, if one of them says what the other does.
fn both(own: &str, of_table: &str) -> String {
    let of_table =
        of_table.split_once("]`: ").filter(|(name, _)| name.starts_with("`[")).map_or(of_table, |(_, it)| it);
    let says = |one: &str, other: &str| {
        one.to_lowercase().starts_with(other.trim_end_matches('.').to_lowercase().as_str())
    };
    match (own, capitalised(of_table)) {
        (own, of_table) if says(own, &of_table) => own.to_owned(),
        (own, of_table) if says(&of_table, own) => of_table,
        (own, of_table) => format!("{own}\n\n{of_table}"),
    }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// The description on one line, without the brackets of links.
fn describe(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace("[`", "`").replace("`]", "`")
}

/// The description of a key without sentences that say no more than its column for the default does.
fn meaning(schema: &Value, default: &str) -> String {
    let bare = |text: &str| text.replace(['`', '"'], "");
    let repeats = |sentence: &str| {
        let said = sentence.trim_end_matches('.').strip_suffix(" by default");
        sentence.trim_end_matches('.') == "No default"
            || said.is_some_and(|said| ["Empty", "None"].contains(&said) || bare(said) == bare(default))
    };
    let text = describe(schema);
    let sentences: Vec<&str> =
        text.split_inclusive(". ").map(str::trim).filter(|one| !repeats(one)).collect();
    sentences.join(" ")
}

fn generated() -> String {
    let schema = super::schema().to_value();
    let definitions = schema["$defs"].as_object().unwrap().clone();
    let mut reference = Reference { definitions, text: INTRODUCTION.to_owned() };
    for (name, section) in schema["properties"].as_object().unwrap() {
        reference.section(name, section);
    }
    reference.text
}

#[test]
fn the_reference_that_is_checked_in_is_what_the_types_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let generated = generated();
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == generated,
        "docs/configuration.md is not what the types say: UPDATE_SCHEMAS=1 cargo test -p huiyin reference"
    );
}

#[test]
fn the_schema_has_every_key_and_knows_no_null() {
    let schema = super::schema();
    assert_eq!(schema.get("$schema").unwrap(), "https://json-schema.org/draft/2020-12/schema");
    let text = serde_json::to_string(&schema).unwrap();
    assert!(!text.contains("null"), "{text}");
    let example: toml::Table = toml::from_str(include_str!("../../huiyin.example.toml")).unwrap();
    let value = schema.to_value();
    let definitions = value["$defs"].as_object().unwrap().clone();
    let reference = Reference { definitions, text: String::new() };
    known(&reference, "", &serde_json::to_value(example).unwrap(), &value);
}

/// Every key of a file is in the schema.
fn known(reference: &Reference, place: &str, value: &Value, schema: &Value) {
    let own = reference.resolve(schema);
    match value {
        Value::Object(table) if own.get("properties").is_some() => {
            for (key, value) in table {
                let place = format!("{place}.{key}");
                let schema =
                    own["properties"].get(key).unwrap_or_else(|| panic!("{place} is not in the schema"));
                known(reference, &place, value, schema);
            }
        }
        Value::Array(entries) => {
            entries.iter().for_each(|entry| known(reference, place, entry, &own["items"]))
        }
        _ => {}
    }
}
