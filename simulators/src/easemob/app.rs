//! Validated apps and rules, and what changes in them while the stand-in runs.

use super::ban::Ban;
use super::config::{AppConfig, ChatKind, QuotaConfig, RuleConfig, Source, Stage};
use super::quota::Meter;
use super::token::Tokens;
use crate::Secret;
use crate::random::Random;
use crate::time::now_ms;
use crate::traffic::{Fate, Traffic};
use reqwest::Url;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use thiserror::Error;

/// Life of a token when neither the request nor the app says.
const TOKEN_LIFE: Duration = Duration::from_secs(60 * 24 * 3_600);

/// How old a message may be that is recalled without force.
const RECALL_TIME: Duration = Duration::from_secs(120);

/// Why a configuration is refused.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    #[error("app {0:?} is not of the form org#app")]
    AppKey(String),
    #[error("app {0:?} is configured twice")]
    SameApp(String),
    #[error("rule {0:?} is configured twice in one app")]
    SameRule(String),
    #[error("rule {name:?} has an unusable url: {reason}")]
    Url { name: String, reason: String },
}

/// A rule that can be called.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) config: RuleConfig,
    servers: Vec<Url>,
    turn: Arc<AtomicUsize>,
    pub(crate) wait: Duration,
}

impl Rule {
    fn validated(config: RuleConfig) -> Result<Self, ConfigError> {
        let refused = |reason: String| ConfigError::Url { name: config.name.clone(), reason };
        let servers = std::iter::once(&config.url).chain(&config.spare_urls).map(|url| {
            let url = Url::parse(url).map_err(|error| refused(error.to_string()))?;
            let usable = matches!(url.scheme(), "http" | "https");
            if usable { Ok(url) } else { Err(refused("neither http nor https".into())) }
        });
        let servers = servers.collect::<Result<_, _>>()?;
        let usual = match config.stage {
            Stage::Pre => Duration::from_millis(200),
            Stage::Post => Duration::from_secs(10),
        };
        let wait = config.wait.unwrap_or(usual);
        Ok(Self { servers, turn: Arc::default(), wait, config })
    }

    /// The servers in the order in which this call tries them: another one is the first each time.
    pub(crate) fn servers(&self) -> Vec<Url> {
        let mut servers = self.servers.clone();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % servers.len().max(1);
        servers.rotate_left(turn);
        servers
    }

    /// Whether the rule covers a conversation type and a body type at a stage.
    pub(crate) fn covers(&self, stage: Stage, kind: ChatKind, body_type: &str) -> bool {
        let RuleConfig { kinds, types, .. } = &self.config;
        self.config.stage == stage
            && (kinds.is_empty() || kinds.contains(&kind))
            && (types.is_empty() || types.iter().any(|known| known == body_type))
    }

    /// Whether the rule wants messages from a source.
    pub(crate) fn listens_to(&self, source: Source) -> bool {
        self.config.sources.is_empty() || self.config.sources.contains(&source)
    }
}

/// Checks rules one by one and against one another.
pub(crate) fn validated_rules(configs: Vec<RuleConfig>) -> Result<Arc<[Rule]>, ConfigError> {
    let mut rules: Vec<Rule> = Vec::with_capacity(configs.len());
    for config in configs {
        if rules.iter().any(|rule| rule.config.name == config.name) {
            return Err(ConfigError::SameRule(config.name));
        }
        rules.push(Rule::validated(config)?);
    }
    Ok(rules.into())
}

/// One App Key with its moving parts.
#[derive(Debug)]
pub(crate) struct App {
    /// `org#app`.
    pub(crate) key: String,
    pub(crate) org: String,
    pub(crate) name: String,
    /// UUID that REST answers call `application`.
    pub(crate) application: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) token_life: Duration,
    pub(crate) offline_users: Vec<String>,
    pub(crate) recall_closed: bool,
    pub(crate) recall_time: Duration,
    quotas: Mutex<QuotaConfig>,
    rules: Mutex<Arc<[Rule]>>,
    pub(crate) tokens: Mutex<Tokens>,
    pub(crate) meter: Mutex<Meter>,
    pub(crate) ban: Mutex<Ban>,
    /// By the last part of the endpoint's path.
    pub(crate) traffic: Mutex<BTreeMap<&'static str, Traffic>>,
}

impl App {
    pub(crate) fn validated(config: AppConfig, random: &mut Random) -> Result<Self, ConfigError> {
        let parts = config.app.split_once('#').filter(|(org, name)| !org.is_empty() && !name.is_empty());
        let Some((org, name)) = parts else { return Err(ConfigError::AppKey(config.app)) };
        Ok(Self {
            org: org.to_owned(),
            name: name.to_owned(),
            application: random.uuid(),
            client_id: config.client_id,
            client_secret: config.client_secret,
            token_life: config.token_ttl.unwrap_or(TOKEN_LIFE),
            offline_users: config.offline_users,
            recall_closed: config.recall_closed,
            recall_time: config.recall_time.unwrap_or(RECALL_TIME),
            quotas: Mutex::new(config.quotas),
            rules: Mutex::new(validated_rules(config.rules)?),
            tokens: Mutex::new(Tokens::new(random.next())),
            meter: Mutex::default(),
            ban: Mutex::default(),
            traffic: Mutex::default(),
            key: config.app,
        })
    }

    /// The rules in force now.
    pub(crate) fn rules(&self) -> Arc<[Rule]> {
        Arc::clone(&self.rules.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The quotas in force now.
    pub(crate) fn quotas(&self) -> QuotaConfig {
        self.quotas.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the quotas; what was spent stays spent.
    pub(crate) fn set_quotas(&self, quotas: QuotaConfig) {
        *self.quotas.lock().unwrap_or_else(PoisonError::into_inner) = quotas;
    }

    /// A call to an endpoint arrives; the number is for its end.
    pub(crate) fn arrived(&self, path: &'static str) -> u64 {
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.entry(path).or_default().arrive(now_ms())
    }

    /// What became of a call.
    pub(crate) fn ended(&self, path: &'static str, number: u64, fate: Fate) {
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.entry(path).or_default().end(number, fate);
    }

    /// Replaces all rules.
    pub(crate) fn set_rules(&self, rules: Arc<[Rule]>) {
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = rules;
    }
}

#[cfg(test)]
mod tests {
    use super::{App, ConfigError, Rule};
    use crate::easemob::config::{AppConfig, ChatKind, RuleConfig, Stage};
    use crate::random::Random;

    fn rule(name: &str, url: &str) -> RuleConfig {
        RuleConfig { name: name.into(), url: url.into(), ..RuleConfig::default() }
    }

    #[test]
    fn an_app_key_without_organisation_is_refused() {
        let config = AppConfig { app: "#support".into(), ..AppConfig::default() };
        assert!(matches!(App::validated(config, &mut Random::new(1, 1)), Err(ConfigError::AppKey(_))));
    }

    #[test]
    fn two_rules_of_one_name_are_refused() {
        let rules = vec![rule("a", "http://127.0.0.1:1/x"), rule("a", "http://127.0.0.1:1/y")];
        assert!(matches!(super::validated_rules(rules), Err(ConfigError::SameRule(_))));
    }

    #[test]
    fn a_rule_covers_what_its_lists_name_and_everything_when_they_are_empty() {
        let all = Rule::validated(rule("a", "http://127.0.0.1:1/x")).unwrap();
        assert!(all.covers(Stage::Pre, ChatKind::Chatroom, "img"));
        assert!(!all.covers(Stage::Post, ChatKind::Chat, "txt"));
        assert_eq!(all.wait.as_millis(), 200);
        let narrow = RuleConfig {
            kinds: vec![ChatKind::Group],
            types: vec!["txt".into()],
            ..rule("b", "http://127.0.0.1:1/x")
        };
        let narrow = Rule::validated(narrow).unwrap();
        assert!(narrow.covers(Stage::Pre, ChatKind::Group, "txt"));
        assert!(!narrow.covers(Stage::Pre, ChatKind::Chat, "txt"));
        assert!(!narrow.covers(Stage::Pre, ChatKind::Group, "img"));
    }

    #[test]
    fn the_servers_of_a_rule_are_called_by_turns() {
        let spare_urls = vec!["http://127.0.0.1:2/x".into()];
        let rule = Rule::validated(RuleConfig { spare_urls, ..rule("a", "http://127.0.0.1:1/x") }).unwrap();
        let ports = || rule.servers().iter().filter_map(|url| url.port()).collect::<Vec<_>>();
        assert_eq!([ports(), ports(), ports()], [[1, 2], [2, 1], [1, 2]]);
    }

    #[test]
    fn a_rule_to_something_other_than_http_is_refused() {
        assert!(matches!(Rule::validated(rule("a", "ftp://x/")), Err(ConfigError::Url { .. })));
    }
}
