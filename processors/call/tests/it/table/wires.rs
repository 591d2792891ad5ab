//! The wires of the six families, as the stand-in serves them.

use super::rows::How;

/// One wire.
pub(crate) struct Wire {
    pub(crate) name: &'static str,
    pub(crate) provider: &'static str,
    /// Where the stand-in has it.
    address: &'static str,
    /// What else its entry in `[call]` has.
    entry: &'static str,
}

const KEY: &str = r#"api_key = "sk-sim""#;

const fn wire(
    name: &'static str,
    provider: &'static str,
    address: &'static str,
    entry: &'static str,
) -> Wire {
    Wire { name, provider, address, entry }
}

pub(crate) const WIRES: [Wire; 13] = [
    wire("openai", "openai", "http /openai/v1", KEY),
    wire("openai-whole", "openai", "http /openai/v1", r#"api_key = "sk-sim", stream = false"#),
    wire("claude", "claude", "http /claude", KEY),
    wire("claude-whole", "claude", "http /claude", r#"api_key = "sk-sim", stream = false"#),
    wire("tongyi", "tongyi", "http /tongyi/compatible-mode/v1", KEY),
    wire("ernie", "ernie", "http /ernie/v2", KEY),
    wire("ernie-v1", "ernie", "http /ernie", r#"wire = "v1", api_key = "ak", api_secret = "sk""#),
    wire("spark", "spark", "http /spark/v1", KEY),
    wire("spark-whole", "spark", "http /spark/v1", r#"api_key = "sk-sim", stream = false"#),
    wire(
        "spark-ws",
        "spark",
        "ws /spark/ws/v3.5/chat",
        r#"wire = "websocket", api_key = "ak", api_secret = "sk", app_id = "app9""#,
    ),
    wire("ollama", "local", "http /ollama", r#"wire = "ollama""#),
    wire("vllm", "local", "http /vllm/v1", KEY),
    wire("llamacpp", "local", "http /llamacpp/v1", KEY),
];

impl Wire {
    pub(crate) fn named(name: &str) -> &'static Self {
        WIRES.iter().find(|wire| wire.name == name).unwrap()
    }

    /// Its calls go over HTTP.
    pub(crate) fn is_http(&self) -> bool {
        self.address.starts_with("http")
    }

    /// The entry of a target in `[call]`.
    pub(crate) fn entry(&self, target: &str, how: How, url: impl Fn(&str) -> String) -> String {
        let (scheme, path) = self.address.split_once(' ').unwrap();
        // Nothing listens at the first port.
        let at = if how == How::Nowhere { format!("http://127.0.0.1:1{path}") } else { url(path) };
        let base = at.replacen("http", scheme, 1);
        let patience = match self.entry.contains("stream = false") {
            true => "",
            false => "first_token_timeout = \"4s\"\nidle_timeout = \"4s\"\n",
        };
        let mut entry = self.entry.replace(", ", "\n");
        if how == How::WrongKey {
            entry = entry.replace("\"sk-sim\"", "\"sk-other\"").replace("\"sk\"", "\"other\"");
        }
        format!("[[target]]\nname = {target:?}\nbase_url = {base:?}\n{entry}\n{patience}")
    }
}
