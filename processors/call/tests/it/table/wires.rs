//! The wires of the six families, as the stand-in serves them.

/// One wire.
pub(super) struct Wire {
    pub(super) name: &'static str,
    pub(super) provider: &'static str,
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

pub(super) const WIRES: [Wire; 13] = [
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
    pub(super) fn named(name: &str) -> &'static Self {
        WIRES.iter().find(|wire| wire.name == name).unwrap()
    }

    /// The entry of a target in `[call]`.
    pub(super) fn entry(&self, target: &str, url: impl Fn(&str) -> String) -> String {
        let (scheme, path) = self.address.split_once(' ').unwrap();
        let base = url(path).replacen("http", scheme, 1);
        let patience = match self.entry.contains("stream = false") {
            true => "",
            false => "first_token_timeout = \"2s\"\nidle_timeout = \"2s\"\n",
        };
        let entry = self.entry.replace(", ", "\n");
        format!("[[target]]\nname = {target:?}\nbase_url = {base:?}\n{entry}\n{patience}")
    }
}
