use proptest::prelude::*;

use super::*;

fn variable(name: &str) -> Option<String> {
    let value = match name {
        "KEY" => "a\"b\\c\nd",
        "ENDS" => "sk-x\r\n\n",
        "COMPANY" => "Acme",
        "PORT" => "9600",
        "YES" => "true",
        "BLANK" => " \n",
        "EMPTY" => "",
        "EVIL" => "1\n[admin]\nlisten = \"0.0.0.0:1\"",
        "NESTED" => "${COMPANY} $${X}",
        _ => return None,
    };
    Some(value.to_owned())
}

/// What a file says once it is filled.
fn filled(text: &str) -> Result<toml::Table, Vec<Unfilled>> {
    let Numbers { text, unfilled } = numbers(text, &variable);
    if !unfilled.is_empty() {
        return Err(unfilled);
    }
    let mut tree = DeTable::parse(&text).unwrap();
    let filled = texts(tree.get_mut(), &text, &variable);
    if !filled.unfilled.is_empty() {
        return Err(filled.unfilled);
    }
    Ok(serde::Deserialize::deserialize(toml::de::Deserializer::from(tree)).unwrap())
}

fn one(text: &str) -> String {
    filled(text).unwrap()["k"].as_str().unwrap().to_owned()
}

#[test]
fn a_value_is_one_text_whatever_it_holds() {
    assert_eq!(one("# ${UNSET} in a comment\nk = \"x${KEY}y\""), "xa\"b\\c\ndy");
    assert_eq!(one("k = \"${EVIL}\""), "1\n[admin]\nlisten = \"0.0.0.0:1\"");
    assert_eq!(one("k = \"${ENDS}\""), "sk-x", "the line break at its end is not part of it");
    assert_eq!(one("k = \"${NESTED}\""), "${COMPANY} $${X}", "a value is not filled itself");
    assert_eq!(one("k = \"${COMPANY}${PORT}\" # ${UNSET}"), "Acme9600");
    assert_eq!(one("k = \"\\\"${COMPANY}\\\" \\u0024\""), "\"Acme\" $");
    let lists = filled("k = [\"${COMPANY}\", { a = \"${PORT}\" }]\n[[t]]\nx.y = \"${COMPANY}\"").unwrap();
    assert_eq!(lists["k"][0].as_str(), Some("Acme"));
    assert_eq!(lists["k"][1]["a"].as_str(), Some("9600"));
    assert_eq!(lists["t"][0]["x"]["y"].as_str(), Some("Acme"));
}

#[test]
fn texts_of_many_lines_are_filled_on_each_of_them() {
    let text =
        "k = \"\"\"\n# Rules of ${COMPANY}\n\nYou work for ${COMPANY}, \\\n   not for $${COMPANY}.\n\"\"\"";
    assert_eq!(one(text), "# Rules of Acme\n\nYou work for Acme, not for ${COMPANY}.\n");
}

#[test]
fn what_is_meant_as_it_stands_stays() {
    assert_eq!(one("k = '${COMPANY}'"), "${COMPANY}");
    assert_eq!(one("k = '''\n${COMPANY}\n'''"), "${COMPANY}\n");
    assert_eq!(one("k = \"$${COMPANY}\""), "${COMPANY}");
    assert_eq!(one("k = \"$$${COMPANY}\""), "$${COMPANY}");
    assert_eq!(one("k = \"$${\""), "${");
    assert_eq!(one("k = \"costs $5 {x} $$ $\""), "costs $5 {x} $$ $");
    assert!(filled("\"${COMPANY}\" = 1").unwrap().contains_key("${COMPANY}"), "keys are not filled");
    let text = "a = '${COMPANY}'\nb = '${A} and ${B}'\nc = \"${COMPANY}\"";
    let mut tree = DeTable::parse(text).unwrap();
    let found = texts(tree.get_mut(), text, &variable);
    let written =
        |spans: &[Range<usize>]| spans.iter().map(|span| text[span.clone()].to_owned()).collect::<Vec<_>>();
    assert_eq!(
        written(&found.literal),
        ["'${COMPANY}'"],
        "a placeholder alone is probably meant to be filled"
    );
    assert_eq!(written(&found.filled), ["\"${COMPANY}\""]);
}

#[test]
fn numbers_and_truth_values_stand_without_quotes() {
    let table =
        filled("a = ${PORT}\nb = [${PORT}, -${PORT}] # ${UNSET}\nc = { d = ${YES} }\ne = 1_${PORT}").unwrap();
    assert_eq!(table["a"].as_integer(), Some(9_600));
    assert_eq!(table["b"][1].as_integer(), Some(-9_600));
    assert_eq!(table["c"]["d"].as_bool(), Some(true));
    assert_eq!(table["e"].as_integer(), Some(19_600));
}

#[test]
fn what_cannot_be_filled_is_told_with_its_place() {
    for (text, expected) in [
        ("a = 1\nb = \"${GONE}\"", &[(2, "environment variable GONE is not set")][..]),
        ("c = \"${file:/nowhere}\"", &[(1, "secret file /nowhere cannot be read")]),
        ("d = \"${\"", &[(1, "not closed")]),
        ("d = \"${}\"", &[(1, "has no name")]),
        ("d = \"${EMPTY}\"", &[(1, "EMPTY is not set")]),
        ("d = \"${BLANK}\"", &[(1, "BLANK is empty")]),
        (
            "x = \"\"\"\n$${NOT} \\u0024\n${PORT}\n  ${GONE} and ${AWAY}\n${\n}\"\"\"",
            &[(4, "GONE"), (4, "AWAY"), (5, "not closed")],
        ),
        ("a = ${GONE}\n\nb = ${AWAY}", &[(1, "GONE is not set"), (3, "AWAY is not set")]),
        ("\na = ${EVIL}", &[(2, "the value of ${EVIL} is no number")]),
        ("a = ${COMPANY KEY}", &[(1, "COMPANY KEY is not set")]),
        ("a = ${PORT\nb = 1}", &[(1, "not closed")]),
    ] {
        let unfilled = filled(text).unwrap_err();
        let with_numbers = numbers(text, &variable).text;
        let line = |at: usize| with_numbers[..at].matches('\n').count() + 1;
        let fits = |u: &Unfilled, (at, what): &(usize, &str)| line(u.at) == *at && u.what.contains(what);
        assert!(
            unfilled.len() == expected.len() && unfilled.iter().zip(expected).all(|(u, e)| fits(u, e)),
            "{text}: {unfilled:?}"
        );
    }
}

#[test]
fn a_file_gives_its_text_without_the_line_break_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let read = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        filled(&format!("k = \"${{file:{}}}\"", path.display()))
            .map(|table| table["k"].as_str().unwrap().to_owned())
    };
    assert_eq!(read(b"s3cr3t\n").unwrap(), "s3cr3t");
    assert_eq!(read(b"\xEF\xBB\xBFs3cr3t\r\n").unwrap(), "s3cr3t", "as an editor of Windows saves it");
    assert_eq!(read(b"one\ntwo\n\n").unwrap(), "one\ntwo", "a prompt may have lines");
    for (bytes, what) in [
        (&b""[..], "is empty"),
        (b"\n", "is empty"),
        (b"\xFF\xFEs\0\n\0", "UTF-16"),
        (b"\n\xD0\xA1\xD6\xFA", "line 2: the file is not UTF-8, it looks like GBK"),
    ] {
        let unfilled = read(bytes).unwrap_err();
        assert!(unfilled[0].what.contains(what), "{unfilled:?}");
    }
}

proptest! {
    /// Whatever a value holds, it becomes that text and nothing else of the file.
    #[test]
    fn no_value_is_taken_for_a_part_of_the_file(value in "(?s).{0,40}|[\"'\\\\\\[\\]{}$=#\n a]{0,20}") {
        let text = "a = 1 # ${V}\nk = \"<${V}>\"\nm = \"\"\"\n${V}\n\"\"\"\nz = 2";
        let mut tree = DeTable::parse(text).unwrap();
        let found = texts(tree.get_mut(), text, &|_| Some(value.clone()));
        let table: toml::Table = serde::Deserialize::deserialize(toml::de::Deserializer::from(tree)).unwrap();
        let trimmed = value.trim_end_matches(['\n', '\r']);
        prop_assert_eq!(table.len(), 4);
        if trimmed.trim().is_empty() {
            prop_assert_eq!(found.unfilled.len(), 2);
        } else {
            prop_assert_eq!(&table["k"], &toml::Value::from(format!("<{trimmed}>")));
            prop_assert_eq!(&table["m"], &toml::Value::from(format!("{trimmed}\n")));
        }
    }

    /// A value without quotes is one number or one truth value, or it is refused.
    #[test]
    fn no_number_brings_anything_else(value in "[0-9a-z_.+\\-\n #=\"\\[\\]]{1,12}") {
        let Numbers { text, unfilled } = numbers("a = 1\nk = ${V}\nz = 2", &|_| Some(value.clone()));
        if !unfilled.is_empty() {
            return Ok(());
        }
        prop_assert_eq!(text.lines().count(), 3);
        let Ok(tree) = DeTable::parse(&text) else { return Ok(()) };
        prop_assert_eq!(tree.get_ref().len(), 3);
        prop_assert!(!tree.get_ref()["k"].get_ref().is_str(), "{}", text);
    }
}
