//! The JSON Schema of the configuration file.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::Value;

use super::raw::Raw;

/// The schema, draft 2020-12.
pub(crate) fn schema() -> Schema {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(without_null));
    settings.into_generator().into_root_schema_for::<Raw>()
}

/// TOML has no null: a key that may be absent is not one whose value may be null.
fn without_null(schema: &mut Schema) {
    let is_null = |value: &Value| value.is_null() || value.get("type").is_some_and(|kind| kind == "null");
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    if let Some(kinds) = schema.get_mut("type")
        && let Some(list) = kinds.as_array_mut()
    {
        list.retain(|kind| kind != "null");
        if let [kind] = list.as_slice() {
            *kinds = kind.clone();
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| !is_null(choice));
        if let [Value::Object(choice)] = choices.as_slice() {
            let choice = choice.clone();
            schema.remove("anyOf");
            let known: Vec<String> =
                schema.as_object().into_iter().flat_map(|all| all.keys().cloned()).collect();
            for (key, value) in choice.into_iter().filter(|(key, _)| !known.contains(key)) {
                schema.insert(key, value);
            }
        }
    }
}
