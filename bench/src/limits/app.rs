//! Apps of a scene: what their vendors allow, and what the line is told of it.

use std::fmt::Write as _;

/// How a vendor counts the calls of a second. No vendor documents it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counting {
    /// By its clock.
    Fixed,
    /// Whenever the second begins.
    Sliding,
}

impl Counting {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Sliding => "sliding",
        }
    }
}

/// What the line knows of a model's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is configured.
    Told,
    /// It shows in refusals only.
    Unknown,
}

/// Requests per second that a model allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct ModelLimit {
    pub(super) per_second: u32,
    pub(super) known: Known,
}

/// One app with a model of its own. Its Easemob and its model count in the same way.
#[derive(Clone, Debug)]
pub(super) struct App {
    pub(super) name: String,
    pub(super) counting: Counting,
    /// Sends per second to users; sixty times as many per minute.
    pub(super) users: u32,
    /// Sends per second to groups.
    pub(super) groups: u32,
    /// None is beyond what is measured.
    pub(super) model: Option<ModelLimit>,
}

/// Far beyond what is measured.
const UNLIMITED: u32 = 100_000;

impl App {
    /// With limits of Easemob as it has them by default, and a model without one.
    pub(super) fn new(name: &str, counting: Counting) -> Self {
        Self { name: name.to_owned(), counting, users: 100, groups: 20, model: None }
    }

    /// The App Key.
    pub(super) fn key(&self) -> String {
        format!("acme#{}", self.name)
    }

    /// Its model as the provider names it.
    pub(super) fn model_name(&self) -> String {
        format!("model-{}", self.name)
    }

    /// Its sections of the line's configuration.
    fn of_line(&self, text: &mut String, stand_ins: &Addresses<'_>) {
        let (key, name, model) = (self.key(), &self.name, self.model_name());
        let (users, minute, groups) = (self.users, self.users * 60, self.groups);
        let Addresses { easemob, model: models } = stand_ins;
        let limit = self.model.filter(|model| model.known == Known::Told);
        let limit = limit.map_or(String::new(), |limit| told(limit.per_second));
        // Writing to a string cannot fail.
        write!(
            text,
            r#"
[[ingest.rule]]
path = "/callbacks/{name}"
app = "{key}"
stage = "pre"
secret = "bench-secret"
deadline = "8s"

[[call.target]]
name = "{name}"
base_url = "{models}/v1"
api_key = "sk-bench"
{limit}
[[deliver.app]]
key = "{key}"
base_url = "{easemob}"
client_id = "bench-client"
client_secret = "bench-client-secret"
users_per_second = {users}
messages_per_minute = {minute}
groups_per_second = {groups}

[[app]]
key = "{key}"
chain = ["{name}"]
allowed_regions = ["cn"]
label = "AI-generated"
system_prompt = "You are the help desk of Acme. Be brief."

[[app.bot]]
id = "bot"
names = ["helpdesk"]

[[target]]
name = "{name}"
provider = "local"
model = "{model}"
region = "cn"

[[price]]
provider = "local"
model = "{model}"
currency = "CNY"
from = "2026-01-01"
input = "0.5"
output = "1.5"
"#
        )
        .ok();
    }

    /// Its sections of the stand-ins' configuration.
    fn of_stand_ins(&self, ingest_port: u16) -> (String, String) {
        let (key, name, model, counting) = (self.key(), &self.name, self.model_name(), self.counting.name());
        let (users, minute, groups) = (self.users, self.users * 60, self.groups);
        let limit = self.model.map_or(UNLIMITED, |limit| limit.per_second);
        let app = format!(
            r#"
[[easemob.apps]]
app = "{key}"
client_id = "bench-client"
client_secret = "bench-client-secret"

[easemob.apps.quotas]
counting = "{counting}"
users_calls_per_s = {users}
users_messages_per_min = {minute}
groups_calls_per_s = {groups}
groups_messages_per_s = {groups}

[[easemob.apps.rules]]
name = "before"
url = "http://127.0.0.1:{ingest_port}/callbacks/{name}"
secret = "bench-secret"
stage = "pre"
wait = "10s"
"#
        );
        let model = format!(
            r#"
[[model.models]]
name = "{model}"

[model.models.limits]
counting = "{counting}"
requests_per_s = {limit}
"#
        );
        (app, model)
    }
}

/// Where the stand-ins are.
pub(super) struct Addresses<'a> {
    pub(super) easemob: &'a str,
    pub(super) model: &'a str,
}

/// The sections of all apps for the line.
pub(super) fn of_line(apps: &[App], stand_ins: &Addresses<'_>) -> String {
    let mut text = String::new();
    apps.iter().for_each(|app| app.of_line(&mut text, stand_ins));
    text
}

/// The sections of all apps for Easemob's stand-in, and those for the model's.
pub(super) fn of_stand_ins(apps: &[App], ingest_port: u16) -> (String, String) {
    apps.iter().map(|app| app.of_stand_ins(ingest_port)).unzip()
}

/// A target's limit as the line is told it.
fn told(per_second: u32) -> String {
    format!("requests_per_second = {per_second}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_toml_and_hold_the_same_limits_on_both_sides() {
        let limit = ModelLimit { per_second: 20, known: Known::Told };
        let apps = [
            App { model: Some(limit), ..App::new("a", Counting::Fixed) },
            App { groups: 7, ..App::new("b", Counting::Sliding) },
        ];
        let line = of_line(&apps, &Addresses { easemob: "http://e", model: "http://m" });
        let line: toml::Table = toml::from_str(&line).unwrap();
        assert_eq!(line["deliver"]["app"][1]["groups_per_second"].as_integer(), Some(7));
        assert_eq!(line["deliver"]["app"][0]["messages_per_minute"].as_integer(), Some(6_000));
        let target = |at: usize| line["call"]["target"].as_array().unwrap()[at].clone();
        assert_eq!(target(0)["requests_per_second"].as_integer(), Some(20));
        assert_eq!(target(1).get("requests_per_second"), None);
        let (apps, models) = of_stand_ins(&apps, 7);
        let apps: toml::Table = toml::from_str(&apps).unwrap();
        assert_eq!(apps["easemob"]["apps"][1]["quotas"]["groups_calls_per_s"].as_integer(), Some(7));
        assert_eq!(apps["easemob"]["apps"][0]["quotas"]["counting"].as_str(), Some("fixed"));
        let models: toml::Table = toml::from_str(&models).unwrap();
        assert_eq!(models["model"]["models"][0]["limits"]["requests_per_s"].as_integer(), Some(20));
    }
}
