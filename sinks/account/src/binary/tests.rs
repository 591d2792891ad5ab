//! Rows as a reader of the store's format sees them.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::*;

/// The columns of a row, by the types that the table gives them: what is left over or missing is a mismatch of both.
pub(crate) fn decoded<'a>(columns: impl Iterator<Item = (&'a str, &'a str)>, row: &[u8]) -> Value {
    let mut rest = Reader(row);
    let columns: Map<String, Value> =
        columns.map(|(name, kind)| (name.to_owned(), rest.value(kind))).collect();
    assert!(rest.0.is_empty(), "{} bytes behind the last column", rest.0.len());
    Value::Object(columns)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(count);
        self.0 = rest;
        bytes
    }

    fn number<const N: usize>(&mut self) -> [u8; N] {
        self.bytes(N).try_into().unwrap()
    }

    fn length(&mut self) -> usize {
        let mut length = 0;
        for shift in (0..).step_by(7) {
            let [byte] = self.number();
            length |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        length
    }

    fn text(&mut self) -> String {
        let length = self.length();
        String::from_utf8(self.bytes(length).to_vec()).unwrap()
    }

    fn value(&mut self, kind: &str) -> Value {
        if let Some((outer, inner)) = kind.strip_suffix(')').and_then(|kind| kind.split_once('(')) {
            return match outer {
                "LowCardinality" => self.value(inner),
                "Nullable" if self.number() == [1] => Value::Null,
                "Nullable" => self.value(inner),
                "Array" => {
                    let length = self.length();
                    (0..length).map(|_| self.value(inner)).collect()
                }
                "Tuple" => inner.split(", ").map(|kind| self.value(kind)).collect(),
                "Map" => {
                    let (length, (key, value)) = (self.length(), inner.split_once(", ").unwrap());
                    (0..length).map(|_| json!([self.value(key), self.value(value)])).collect()
                }
                "DateTime64" => i64::from_le_bytes(self.number()).into(),
                "Decimal" => {
                    let wide = i128::from_le_bytes(self.number());
                    i64::try_from(wide).map_or_else(|_| wide.to_string().into(), Into::into)
                }
                _ => panic!("the type {kind}"),
            };
        }
        match kind {
            "String" => self.text().into(),
            "Bool" => (self.number() == [1]).into(),
            "UUID" => {
                let [high, low] = [self.number(), self.number()].map(u64::from_le_bytes);
                Uuid::from_u64_pair(high, low).to_string().into()
            }
            "UInt8" => u8::from_le_bytes(self.number()).into(),
            "UInt16" => u16::from_le_bytes(self.number()).into(),
            "UInt32" => u32::from_le_bytes(self.number()).into(),
            "UInt64" => u64::from_le_bytes(self.number()).into(),
            "Int32" => i32::from_le_bytes(self.number()).into(),
            "Int64" => i64::from_le_bytes(self.number()).into(),
            _ => panic!("the type {kind}"),
        }
    }
}

#[derive(serde::Serialize)]
struct Example<'a> {
    text: &'a str,
    flag: bool,
    absent: Option<u16>,
    list: Vec<(u32, u32)>,
    amount: Option<i128>,
}

#[test]
fn a_row_is_written_as_the_stores_documentation_says() {
    let long = "x".repeat(300);
    let row = Example { text: &long, flag: true, absent: None, list: vec![(1, 2), (3, 4)], amount: Some(-7) };
    let mut bytes = Vec::new();
    append(&row, &mut bytes).unwrap();
    // 300 in LEB128, the text, the flag, null, two pairs, present, sixteen bytes.
    let mut expected = vec![0xac, 0x02];
    expected.extend_from_slice(long.as_bytes());
    expected.extend_from_slice(&[1, 1, 2, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0]);
    expected.extend_from_slice(&(-7i128).to_le_bytes());
    assert_eq!(bytes, expected);
    let kinds =
        ["String", "Bool", "Nullable(UInt16)", "Array(Tuple(UInt32, UInt32))", "Nullable(Decimal(38, 12))"];
    let names = ["text", "flag", "absent", "list", "amount"];
    let read = decoded(names.into_iter().zip(kinds), &bytes);
    let told = json!({"text": long, "flag": true, "absent": null, "list": [[1, 2], [3, 4]], "amount": -7});
    assert_eq!(read, told);
}

#[test]
fn the_head_has_the_number_of_columns_their_names_and_their_types() {
    let mut head = Vec::new();
    append_head([("app", "String"), ("at", "Int64")].into_iter(), &mut head);
    assert_eq!(head, b"\x02\x03app\x02at\x06String\x05Int64");
}

#[test]
fn what_no_column_is_cannot_be_written() {
    assert!(append(&1.5, &mut Vec::new()).is_err());
    assert!(append(&Some(()), &mut Vec::new()).is_err());
    assert!(append(&std::collections::BTreeMap::from([(1, 2)]), &mut Vec::new()).is_err());
}
