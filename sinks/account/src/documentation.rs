//! Keeps the tables of `docs/analytics.md` and its Chinese sister as the migrations make them. `UPDATE_SCHEMAS=1 cargo test -p account` writes
//! them anew.

use std::fs;
use std::path::Path;

use crate::columns::columns;
use crate::rollups::ROLLUPS;
use crate::tables::{Definition, OF_COMMANDS, definitions};

const BEGIN: &str = "<!-- tables, made from the migrations: UPDATE_SCHEMAS=1 cargo test -p account -->\n";
const END: &str = "<!-- end of the tables -->\n";

/// The words around what is the same in every language.
struct Words {
    file: &'static str,
    facts: &'static str,
    commands: &'static str,
    rollups: &'static str,
    header: &'static str,
    /// Days, and the setting that changes them.
    kept: fn(u16, &str) -> String,
    /// The tables that a rollup is made of.
    made: fn(&str) -> String,
}

const ENGLISH: Words = Words {
    file: "analytics.md",
    facts: "Facts",
    commands: "What commands found",
    rollups: "Rollups",
    header: "| column | type | meaning |",
    kept: |days, table| format!("Kept for {days} days (`retention_days.{table}`)."),
    made: |of| format!("Made of {of}."),
};

const CHINESE: Words = Words {
    file: "analytics.zh.md",
    facts: "事实表",
    commands: "命令的结果",
    rollups: "汇总表",
    header: "| 列 | 类型 | 含义(与库中注释相同) |",
    kept: |days, table| format!("保留 {days} 天(`retention_days.{table}`)。"),
    made: |of| format!("来自 {of}。"),
};

/// The tables, in the words of a language.
fn tables(words: &Words) -> String {
    let mut text = format!("\n### {}\n", words.facts);
    definitions().for_each(|table| add(&mut text, words, table, &[]));
    text.push_str(&format!("\n### {}\n", words.commands));
    OF_COMMANDS.iter().for_each(|table| add(&mut text, words, table, &[]));
    text.push_str(&format!("\n### {}\n", words.rollups));
    for rollup in ROLLUPS {
        let of: Vec<&str> = rollup.views.iter().map(|view| view.of).collect();
        add(&mut text, words, &rollup.definition, &of);
    }
    text.push('\n');
    text
}

fn add(text: &mut String, words: &Words, table: &Definition, of: &[&str]) {
    let Definition { name, row, retention_days, .. } = table;
    let of: Vec<String> = of.iter().map(|name| format!("`{name}`")).collect();
    let made = if of.is_empty() { String::new() } else { (words.made)(&of.join(", ")) + " " };
    let kept = (words.kept)(*retention_days, name);
    text.push_str(&format!(
        "\n#### {name}\nOne row is {row}. {made}{kept}\n\n{}\n| --- | --- | --- |\n",
        words.header
    ));
    for column in columns(table) {
        let meaning = column.meaning.replace('|', "\\|");
        text.push_str(&format!("| `{}` | `{}` | {meaning} |\n", column.name, column.kind));
    }
}

#[test]
fn the_documents_have_the_tables_as_the_migrations_make_them() {
    for words in [ENGLISH, CHINESE] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(words.file);
        let text = fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once(BEGIN).expect("the tables begin");
        let (_, after) = rest.split_once(END).expect("the tables end");
        let wanted = format!("{before}{BEGIN}{}{END}{after}", tables(&words));
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::write(&path, &wanted).unwrap();
        }
        let stored = fs::read_to_string(&path).unwrap();
        assert!(
            stored == wanted,
            "{} is not what the migrations say: UPDATE_SCHEMAS=1 cargo test -p account",
            words.file
        );
    }
}
