//! What goes into a message's `ext.AIGC` is what the JSON Schema `json/ext-aigc.json` describes: seven fields and no others.

use std::path::Path;

use schemas::answer::Answer;
use serde_json::{Value, json};

fn file(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Whether a value is what a schema describes, as far as this schema's keywords go; any other keyword fails the test.
fn is_valid(schema: &Value, root: &Value, value: &Value) -> bool {
    schema.as_object().unwrap().iter().all(|(keyword, rule)| match keyword.as_str() {
        "$schema" | "$defs" | "title" | "description" => true,
        "$ref" => {
            let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
            is_valid(&root["$defs"][name], root, value)
        }
        "type" => match rule.as_str().unwrap() {
            "object" => value.is_object(),
            "string" => value.is_string(),
            other => panic!("type {other}"),
        },
        "const" => value == rule,
        "oneOf" => rule.as_array().unwrap().iter().filter(|one| is_valid(one, root, value)).count() == 1,
        "minLength" | "maxLength" => value.as_str().is_none_or(|text| {
            let (length, bound) = (text.chars().count() as u64, rule.as_u64().unwrap());
            if keyword == "minLength" { length >= bound } else { length <= bound }
        }),
        "required" => rule.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
        "properties" => {
            let properties = rule.as_object().unwrap();
            properties
                .iter()
                .all(|(name, rule)| value.get(name).is_none_or(|value| is_valid(rule, root, value)))
        }
        "additionalProperties" => {
            assert_eq!(*rule, json!(false));
            value.as_object().is_none_or(|fields| {
                fields.keys().all(|name| schema["properties"].as_object().unwrap().contains_key(name))
            })
        }
        other => panic!("keyword {other}"),
    })
}

#[test]
fn the_label_of_an_answer_is_valid_and_has_the_seven_fields_of_the_standard_in_their_order() {
    let schema = file("json/ext-aigc.json");
    let answer: Answer = serde_json::from_value(file("examples/answers/valid-labelled.json")).unwrap();
    let label = serde_json::to_string(&answer.aigc.unwrap()).unwrap();
    let value: Value = serde_json::from_str(&label).unwrap();
    assert!(is_valid(&schema, &schema, &value), "{label}");
    let fields = [
        "Label",
        "ContentProducer",
        "ProduceID",
        "ReservedCode1",
        "ContentPropagator",
        "PropagateID",
        "ReservedCode2",
    ];
    let places: Vec<_> = fields.iter().map(|name| label.find(&format!("\"{name}\":")).unwrap()).collect();
    assert!(places.is_sorted() && value.as_object().unwrap().len() == 7, "{label}");
}

#[test]
fn a_label_with_a_field_too_few_or_too_many_or_with_another_value_is_not_valid() {
    let schema = file("json/ext-aigc.json");
    let good = file("examples/answers/valid-labelled.json")["aigc"].clone();
    for name in good.as_object().unwrap().keys() {
        let mut without = good.clone();
        without.as_object_mut().unwrap().remove(name);
        assert!(!is_valid(&schema, &schema, &without), "{name} is missing");
        for bad in [json!(1), json!(null), json!("x".repeat(129))] {
            let mut other = good.clone();
            other[name.as_str()] = bad;
            assert!(!is_valid(&schema, &schema, &other), "{other}");
        }
    }
    for (name, value) in [
        ("Label", "0"),
        ("Label", "true"),
        ("ContentProducer", ""),
        ("ProduceID", ""),
        ("ContentPropagator", ""),
        ("PropagateID", ""),
        ("Model", "gpt"),
    ] {
        let mut other = good.clone();
        other[name] = json!(value);
        assert!(!is_valid(&schema, &schema, &other), "{name}: {value}");
    }
}
