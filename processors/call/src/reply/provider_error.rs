//! The error in a body, in whatever form it came.

use outbound::Class;
use serde_json::Value;

use super::errors;
use super::finish::squeezed;
use super::parsed::Fields;

/// Longest text of an error that is looked at, in characters.
const MESSAGE: usize = 2_048;
/// Longest word that is taken for a code.
const CODE: usize = 64;
/// Deepest nesting that is looked into.
const DEPTH: u8 = 4;

/// Where the error stands, which says whose codes it has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// Under `error`.
    #[default]
    Error,
    /// Beside everything else: `code` and `message`, `success: false`, `detail`, `errors`.
    Flat,
    /// MiniMax: `base_resp`.
    BaseResp,
    /// Baidu: `error_code`.
    ErrorCode,
    /// A body of plain words.
    Words,
}

/// An error.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct ProviderError {
    pub(crate) form: Form,
    pub(crate) kind: Option<String>,
    /// A word, a number as text, or nothing.
    pub(crate) code: Option<String>,
    /// Never shown: it may quote the prompt.
    pub(crate) message: Option<String>,
}

impl ProviderError {
    /// The error of a body. Without `error` it is one when it names itself so.
    pub(super) fn of(body: &Fields) -> Option<Self> {
        let field = |name: &str| body.get(name).filter(|value| !is_nothing(value));
        let said = |names: &[&str]| names.iter().find_map(|name| words(field(name)?));
        if let Some(mut error) =
            ["error", "Error", "err"].iter().find_map(|name| Self::of_error(body.get(*name)?))
        {
            error.message = error.message.or_else(|| said(MESSAGES));
            error.code = error.code.or_else(|| code(field("code")?));
            return Some(error);
        }
        if let Some(base) = field("base_resp").and_then(Value::as_object) {
            let code = code(base.get("status_code").filter(|code| !is_nothing(code))?)?;
            let message = base.get("status_msg").and_then(words);
            return Some(Self { form: Form::BaseResp, kind: None, code: Some(code), message });
        }
        if field("error_code").is_some() {
            return Some(Self { form: Form::ErrorCode, ..Self::of_refusal(body)? });
        }
        let is_error = field("errors").or_else(|| field("detail")).is_some() || is_called_error(body);
        if is_error { Self::of_refusal(body) } else { None }
    }

    /// The error of a body whose status says that it is one.
    pub(super) fn of_refusal(body: &Fields) -> Option<Self> {
        let field = |name: &str| body.get(name).filter(|value| !is_nothing(value));
        let said = |names: &[&str]| names.iter().find_map(|name| words(field(name)?));
        let kind = said(&["type", "error_type"]).filter(|kind| kind != "error" && is_word(kind));
        let code = CODES.iter().find_map(|name| code(field(name)?));
        let error = Self { form: Form::Flat, kind, code, message: said(MESSAGES) };
        Some(error.or_first_of(body.get("errors")))
    }

    /// What stands under `error`; an empty one is none.
    pub(super) fn of_error(error: &Value) -> Option<Self> {
        if is_nothing(error) {
            return None;
        }
        let Value::Object(fields) = error else {
            let code = code(error);
            return Some(Self { code, message: words(error), ..Self::default() });
        };
        let field = |name: &str| fields.get(name).filter(|value| !is_nothing(value));
        let kind = field("type").and_then(Value::as_str).filter(|kind| is_word(kind)).map(str::to_owned);
        let code = CODES.iter().find_map(|name| code(field(name)?));
        Some(Self { form: Form::Error, kind, code, message: words(error) })
    }

    /// Whether the error counts although there is a text: it is named as an error, or it is the sign of a filter. Anything
    /// that only looks like an error is then just one more odd field.
    pub(super) fn counts_beside_a_text(&self) -> bool {
        match self.form {
            Form::Error | Form::BaseResp => true,
            Form::Flat | Form::ErrorCode | Form::Words => errors::named(self) == Some(Class::ContentBlocked),
        }
    }

    /// The error that a refusal of plain words is; a page is for browsers.
    pub(super) fn of_words(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok().filter(|text| !text.trim_start().starts_with('<'))?;
        Some(Self { form: Form::Words, message: Some(words(&Value::from(text))?), ..Self::default() })
    }

    /// The endpoint says nothing but that something is wrong.
    pub(super) fn is_silent(&self) -> bool {
        self.kind.is_none() && self.code.is_none() && (self.message.is_none() || self.form == Form::Words)
    }

    fn or_first_of(mut self, errors: Option<&Value>) -> Self {
        let first = errors.and_then(|errors| errors.get(0)).and_then(Self::of_error).unwrap_or_default();
        self.kind = self.kind.or(first.kind);
        self.code = self.code.or(first.code);
        self
    }
}

const CODES: &[&str] = &["code", "error_code", "errorCode", "errcode", "err_code", "status_code", "Code"];
const MESSAGES: &[&str] = &[
    "message",
    "msg",
    "error_msg",
    "error_message",
    "errorMessage",
    "errmsg",
    "err_msg",
    "error_description",
    "detail",
    "errors",
    "reason",
    "Message",
];

/// The body says of itself that it is an error: by a flag, or by a code other than that of a success.
fn is_called_error(body: &Fields) -> bool {
    let is = |name: &str, words: &[&str]| {
        body.get(name).and_then(Value::as_str).is_some_and(|word| words.contains(&squeezed(word).as_str()))
    };
    let denied = |name: &str| body.get(name) == Some(&Value::Bool(false)) || is(name, &["false"]);
    let coded = ["code", "errcode", "status_code"]
        .iter()
        .any(|name| body.get(*name).is_some_and(|code| !is_nothing(code)));
    denied("success")
        || denied("ok")
        || is("object", &["error"])
        || is("type", &["error"])
        || is("status", &["error", "fail", "failed", "failure"])
        || coded
}

/// Nothing, or the words of a success: some servers always have an error.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0) || number.as_u64() == Some(200),
        Value::String(text) => {
            let word = squeezed(text);
            word.bytes().all(|byte| byte == b'0')
                || matches!(
                    word.as_str(),
                    "200"
                        | "null"
                        | "none"
                        | "nil"
                        | "false"
                        | "noerror"
                        | "ok"
                        | "success"
                        | "succeeded"
                        | "normal"
                )
        }
        Value::Array(items) => items.iter().all(is_nothing),
        Value::Object(fields) => fields.values().all(is_nothing),
    }
}

/// A code: a number, or a word. What has spaces is a message.
fn code(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if is_word(text) => Some(text.clone()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// One word of printable ASCII, so that it may stand in records and logs.
pub(crate) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= CODE && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// All texts of a value, one after the other: messages come as texts, lists and objects.
fn words(value: &Value) -> Option<String> {
    let mut text = String::new();
    collect(value, DEPTH, &mut text);
    let text: String = text.trim().chars().take(MESSAGE).collect();
    (!text.is_empty()).then_some(text)
}

fn collect(value: &Value, depth: u8, text: &mut String) {
    match value {
        Value::String(words) => {
            text.push_str(words);
            text.push(' ');
        }
        Value::Array(items) if depth > 0 => items.iter().for_each(|item| collect(item, depth - 1, text)),
        Value::Object(fields) if depth > 0 => {
            fields.values().for_each(|field| collect(field, depth - 1, text))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {}
    }
}
