//! Templates of instructions: text with `{{ variables }}` and `{% if %}`, filled in without any effect on anything else.
//!
//! What a template may say is checked before it is used: known variables, `if` with its branches, comparisons. There is no loop, no
//! assignment, no filter and no arithmetic, so that nothing in it can grow; fuel and the size of what it gives are bounded besides.

use std::collections::BTreeSet;
use std::io;
use std::sync::OnceLock;

use minijinja::{Environment, UndefinedBehavior, Value};

/// Most bytes of a template.
pub const LONGEST: usize = 16 * 1_024;
/// Most bytes of what it gives.
const MOST_BYTES: usize = 64 * 1_024;
/// Most instructions. A template of the longest size has fewer.
const FUEL: u64 = 20_000;
/// Words that a tag may begin with.
const TAGS: [&str; 4] = ["if", "elif", "else", "endif"];

/// What a template may name.
pub const VARIABLES: [&str; 10] =
    ["app", "bot", "chat", "complexity", "date", "hour", "language", "system_prompt", "tier", "weekday"];

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// It is too long.
    #[error("a template has at most {LONGEST} bytes")]
    TooLong,
    /// It names what nobody declares.
    #[error("a template knows no {0:?}, but {known}", known = VARIABLES.join(", "))]
    Undeclared(String),
    /// It does more than it may.
    #[error("a template takes variables and if, elif, else and endif, and no {0:?}")]
    Forbidden(String),
    /// It cannot be read, or gives too much.
    #[error("template: {0}")]
    Malformed(String),
}

/// Variables that an app has only with a time zone.
pub(crate) const OF_CLOCKS: [&str; 3] = ["date", "hour", "weekday"];
/// The variable that an app has only with tiers.
pub(crate) const OF_TIERS: &str = "tier";

/// Checks a template, and tells the variables that it names.
///
/// # Errors
/// [`BadTemplate`] with the first thing that is wrong.
pub fn check(template: &str) -> Result<BTreeSet<String>, BadTemplate> {
    if template.len() > LONGEST {
        return Err(BadTemplate::TooLong);
    }
    tame(template)?;
    let read = environment().template_from_str(template).map_err(|error| malformed(&error))?;
    let named: BTreeSet<String> = read.undeclared_variables(false).into_iter().collect();
    match named.iter().find(|name| !VARIABLES.contains(&name.as_str())) {
        Some(name) => Err(BadTemplate::Undeclared(name.clone())),
        None => Ok(named),
    }
}

/// Fills a template in; variables that are not given are absent.
///
/// # Errors
/// [`BadTemplate`] when it is none that [`check`] lets on, or gives more than may be.
pub fn render(template: &str, variables: &[(&'static str, &str)]) -> Result<String, BadTemplate> {
    tame(template)?;
    let read = environment().template_from_str(template).map_err(|error| malformed(&error))?;
    let mut given = Bounded(Vec::new());
    let values = Value::from_pairs(variables.iter().map(|(name, value)| (*name, Value::from(*value))));
    read.render_captured_to(values, &mut given).map_err(|error| malformed(&error))?;
    String::from_utf8(given.0).map_err(|error| BadTemplate::Malformed(error.to_string()))
}

fn environment() -> &'static Environment<'static> {
    static BARE: OnceLock<Environment<'static>> = OnceLock::new();
    BARE.get_or_init(|| {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(64);
        environment
    })
}

fn malformed(error: &minijinja::Error) -> BadTemplate {
    BadTemplate::Malformed(error.to_string())
}

/// Refuses whatever could grow: in braces stand names, texts, numbers and comparisons only, and tags are those of `if`.
fn tame(template: &str) -> Result<(), BadTemplate> {
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (kind, end) = match rest.get(at..at + 2) {
            Some("{{") => ("{{", "}}"),
            Some("{%") => ("{%", "%}"),
            Some("{#") => ("{#", "#}"),
            _ => {
                rest = &rest[at + 1..];
                continue;
            }
        };
        let inner = &rest[at + 2..];
        let length = inside(inner, kind, end)?;
        rest = &inner[length + 2..];
    }
    Ok(())
}

/// Checks what stands between two marks, and tells how long it is.
fn inside(text: &str, kind: &str, end: &str) -> Result<usize, BadTemplate> {
    let unended = || BadTemplate::Malformed(format!("{kind} has no {end}"));
    if kind == "{#" {
        return text.find(end).ok_or_else(unended);
    }
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) if c == '\\' => return Err(BadTemplate::Forbidden(c.to_string())),
            Some(_) => {}
            None if text[at..].starts_with(end) => {
                let tag = &text[..at];
                let word: String = tag
                    .trim_start_matches(['-', '+', ' ', '\t', '\r', '\n'])
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let is_known = kind == "{{" || TAGS.contains(&word.as_str());
                return if is_known { Ok(at) } else { Err(BadTemplate::Forbidden(word)) };
            }
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c.is_alphanumeric() || c.is_whitespace() || "_=!<>(),-".contains(c) => {}
            None => return Err(BadTemplate::Forbidden(c.to_string())),
        }
    }
    Err(unended())
}

/// Bytes up to a bound.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST_BYTES {
            return Err(io::Error::other("it gives more than may be"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_in_by_what_is_known() {
        let template = "{{ system_prompt }}{% if language == \"en\" %}\nAnswer in English.{% elif language in (\"zh_hans\", \"zh_hant\") %}\n用中文回答。{% endif %}{# a remark #} { } %";
        check(template).unwrap();
        let given =
            |language| render(template, &[("system_prompt", "你是客服"), ("language", language)]).unwrap();
        assert_eq!(given("en"), "你是客服\nAnswer in English. { } %");
        assert_eq!(given("zh_hant"), "你是客服\n用中文回答。 { } %");
        assert_eq!(given("other"), "你是客服 { } %");
    }

    #[test]
    fn what_is_not_declared_is_refused() {
        assert_eq!(check("{{ sender }}"), Err(BadTemplate::Undeclared("sender".into())));
        assert_eq!(check("{% if user %}a{% endif %}"), Err(BadTemplate::Undeclared("user".into())));
        assert!(render("{{ language }}", &[]).is_err());
    }

    #[test]
    fn nothing_that_could_grow_is_taken() {
        for (template, what) in [
            ("{% set a = bot %}", "set"),
            ("{% for a in bot %}{% endfor %}", "for"),
            ("{% include 'x' %}", "include"),
            ("{%- raw %}{{ x }}{% endraw %}", "raw"),
            ("{{ bot ~ bot }}", "~"),
            ("{{ bot * 9 }}", "*"),
            ("{{ bot + bot }}", "+"),
            ("{{ bot|upper }}", "|"),
            ("{{ [bot] }}", "["),
            ("{{ bot.x }}", "."),
            ("{{ '\\x41' }}", "\\"),
        ] {
            assert_eq!(check(template), Err(BadTemplate::Forbidden(what.into())), "{template}");
            assert!(render(template, &[("bot", "b")]).is_err(), "{template}");
        }
        for template in ["{{ bot", "{% if bot %}", "{{ }}", "{{ 'a }}"] {
            assert!(matches!(check(template), Err(BadTemplate::Malformed(_))), "{template}");
        }
        assert_eq!(check(&"a".repeat(LONGEST + 1)), Err(BadTemplate::TooLong));
    }

    #[test]
    fn what_it_gives_is_bounded() {
        let long = "很长".repeat(5_000);
        let template = "{{ system_prompt }}".repeat(3);
        assert!(matches!(render(&template, &[("system_prompt", &long)]), Err(BadTemplate::Malformed(_))));
        let most = "{{ bot }}".repeat(LONGEST / 9);
        assert!(render(&most, &[("bot", "b")]).is_ok(), "the longest template has fuel enough");
    }

    #[test]
    fn the_variables_are_sorted() {
        assert!(VARIABLES.is_sorted());
    }
}
