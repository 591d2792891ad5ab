//! From a bundle and its contents to the engines and the tables of its apps. Every step gets them here.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use common::Action;
use safety::{BadRule, Engine, Layers, Rule, RuleSet, Unbuilt, WordList, allowed_spans, read, searchable};
use schemas::ids::AppKey;

use super::parts::{Parts, key};
use super::used::Names;
use super::{BadContent, Content, Contents, Dictionary, Filter, Used, version_of};
use crate::app::App;
use crate::bundle::Bundle;
use crate::tier::TierTable;

/// The engines of a bundle: one for each set of rules, dictionaries and allow-lists that an app uses. Apps that use the same have the same
/// engine; a dictionary is one automaton however many engines look through it, and a table of tiers is held once. Beside what is shared, an app's texts are looked
/// through only for what the app uses.
#[derive(Debug)]
pub struct Engines {
    shared: Arc<dyn Engine>,
    apps: BTreeMap<AppKey, Arc<dyn Engine>>,
    /// Those of apps that look for injections.
    before_model: BTreeMap<AppKey, Arc<dyn Engine>>,
    /// Of apps whose tiers a table names.
    tiers: BTreeMap<AppKey, Arc<TierTable>>,
    unusable: Vec<String>,
}

/// Why a bundle has no engines.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A content that it names cannot be had.
    #[error("get the words of {name:?}")]
    Content {
        /// The dictionary or allow-list.
        name: String,
        /// What is wrong.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The table of an app's tiers cannot be had.
    #[error("get the tier table of {app}")]
    Table {
        /// The app.
        app: AppKey,
        /// What is wrong.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// No engine can be built of the words.
    #[error(transparent)]
    Rule(#[from] BadRule),
}

/// Gets the text of a content.
type Fetch<'a> = &'a mut dyn FnMut(&Content) -> Result<Arc<str>, Box<dyn Error + Send + Sync>>;

impl Engines {
    /// Builds the engines of a bundle. What is in `parts` is not built again, and its content not fetched. A word or rule that this version cannot look
    /// for is left out, so that a stored bundle goes on holding; see [`Self::unusable`]. A rule or dictionary of which nothing can be looked for
    /// and that says `on_error = "closed"` stops every text in place of that.
    ///
    /// # Errors
    /// [`EngineError`] when a content cannot be had or the words do not fit into an automaton.
    pub fn new(bundle: &Bundle, parts: &Parts, fetch: Fetch<'_>) -> Result<Self, EngineError> {
        let mut building = Building { filter: &bundle.filter, parts, fetch, unusable: Vec::new() };
        let mut built: BTreeMap<Names, Arc<dyn Engine>> = BTreeMap::new();
        let mut engine = |used: &Used| -> Result<Arc<dyn Engine>, EngineError> {
            let names = used.of(&bundle.filter);
            if let Some(engine) = built.get(&names) {
                return Ok(Arc::clone(engine));
            }
            let engine = building.engine(&names)?;
            built.insert(names, Arc::clone(&engine));
            Ok(engine)
        };
        let shared = engine(&Used::default())?;
        let apps = bundle.apps.iter().filter(|(_, app)| !app.filter.is_shared());
        let apps = apps.map(|(key, app)| Ok((key.clone(), engine(&app.filter)?)));
        let apps = apps.collect::<Result<BTreeMap<_, _>, EngineError>>()?;
        let asked = bundle.apps.iter().filter(|(_, app)| !app.injection.is_empty());
        let before_model = asked.map(|(key, app)| {
            let engine = app.engine_before_model(apps.get(key).unwrap_or(&shared));
            (key.clone(), engine)
        });
        let before_model = before_model.collect();
        let mut tiers = BTreeMap::new();
        for (key, app) in &bundle.apps {
            if let Some(table) = building.tiers(key, app)? {
                tiers.insert(key.clone(), table);
            }
        }
        building.unusable.sort();
        building.unusable.dedup();
        Ok(Self { shared, apps, before_model, tiers, unusable: building.unusable })
    }

    /// The engines of a bundle whose contents are all at hand.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of(bundle: &Bundle, contents: &Contents) -> Result<Self, EngineError> {
        Self::new(bundle, &Parts::default(), &mut |content| Ok(contents.get(content)?))
    }

    /// One engine for every app.
    pub fn one(engine: Arc<dyn Engine>) -> Self {
        let (apps, before_model) = (BTreeMap::new(), BTreeMap::new());
        Self { shared: engine, apps, before_model, tiers: BTreeMap::new(), unusable: Vec::new() }
    }

    /// The engine that judges what people of an app write to a model: it looks for injections too, where the app wants it.
    pub fn before_model(&self, key: &AppKey) -> &Arc<dyn Engine> {
        self.before_model.get(key).unwrap_or_else(|| self.app(key))
    }

    /// The engine that judges an app's other texts.
    pub fn app(&self, key: &AppKey) -> &Arc<dyn Engine> {
        self.apps.get(key).unwrap_or(&self.shared)
    }

    /// The engine of apps that do not say what they use.
    pub fn shared(&self) -> &Arc<dyn Engine> {
        &self.shared
    }

    /// The table that names the tiers of an app's persons, if it has one.
    pub fn tiers(&self, key: &AppKey) -> Option<&Arc<TierTable>> {
        self.tiers.get(key)
    }

    /// What of the bundle is not looked for, since this version cannot; a line each.
    pub fn unusable(&self) -> &[String] {
        &self.unusable
    }
}

/// Rules as far as they can be looked for.
#[derive(Default)]
struct Usable {
    rules: Vec<Rule>,
    /// Those that cannot be looked for at all and stop every text then.
    stopping: Vec<Rule>,
}

/// Engines under way.
struct Building<'a> {
    filter: &'a Filter,
    parts: &'a Parts,
    fetch: Fetch<'a>,
    unusable: Vec<String>,
}

impl Building<'_> {
    fn engine(&mut self, names: &Names) -> Result<Arc<dyn Engine>, EngineError> {
        let Filter { engine, .. } = *self.filter;
        let rules: Vec<&Rule> =
            self.filter.rules.iter().filter(|rule| names.rules.contains(&rule.id)).collect();
        let version = self.version(names, &rules);
        if engine == 0 {
            let rules: Vec<Rule> = rules.into_iter().cloned().collect();
            return Ok(Arc::new(WordList::new(&rules, version)?));
        }
        let mut spans = Vec::new();
        for name in &names.allow {
            spans.extend(self.spans(name)?);
        }
        spans.sort();
        spans.dedup();
        let Usable { rules, stopping } = self.usable(rules);
        let others = self.parts.get(&(engine, &rules, &stopping, &spans), || -> Result<_, BadRule> {
            let building = RuleSet::builder("").rules(&rules).allow(&spans);
            let unbuilt = stopping.iter().filter_map(Unbuilt::of);
            let building = unbuilt.fold(building, |b, unbuilt| b.detector(Box::new(unbuilt)));
            Ok(Arc::new(building.build()?) as Arc<dyn Engine>)
        })?;
        let mut words = Vec::new();
        for name in &names.dictionaries {
            words.push(self.dictionary(name)?);
        }
        if words.is_empty() {
            return Ok(Arc::new(Layers::new(version, vec![others])));
        }
        let allowed = (!spans.is_empty()).then(|| self.allowed(&spans)).transpose()?;
        let others = if rules.is_empty() && stopping.is_empty() { Vec::new() } else { vec![others] };
        Ok(Arc::new(Layers::new(version, others).unless_allowed(words, allowed)))
    }

    /// Version of everything that an app is judged by, the engine included.
    fn version(&self, names: &Names, rules: &[&Rule]) -> String {
        let rules: Vec<Rule> = rules.iter().map(|rule| (*rule).clone()).collect();
        if self.filter.engine == 0 {
            return version_of(&rules);
        }
        let dictionaries: BTreeMap<_, _> =
            self.filter.dictionaries.iter().filter(|(name, _)| names.dictionaries.contains(name)).collect();
        let allow = self.filter.allow.iter().filter(|(name, _)| names.allow.contains(name));
        let allow: Vec<&String> = allow.map(|(_, list)| &list.content.hash).collect();
        let mut version = key(&(self.filter.engine, rules, dictionaries, allow));
        version.truncate(16);
        version
    }

    fn text(&mut self, name: &str, content: &Content) -> Result<Arc<str>, EngineError> {
        (self.fetch)(content).map_err(|source| EngineError::Content { name: name.to_owned(), source })
    }

    /// The spans of an allow-list that can be looked for.
    fn spans(&mut self, name: &str) -> Result<Vec<String>, EngineError> {
        let filter = self.filter;
        let Some(list) = filter.allow.get(name) else { return Ok(Vec::new()) };
        let text = self.text(name, &list.content)?;
        match allowed_spans(&text) {
            Ok(spans) => Ok(spans),
            Err(problems) => {
                self.unusable.push(format!("allow-list {name:?}: {} lines", problems.len()));
                let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
                Ok(lines.filter(|line| searchable(line).is_ok()).map(str::to_owned).collect())
            }
        }
    }

    /// An engine that finds spans which are allowed.
    fn allowed(&self, spans: &[String]) -> Result<Arc<dyn Engine>, BadRule> {
        self.parts.get(&("allowed", spans), || {
            let rule = Rule { words: spans.to_vec(), ..Rule::words("allowed", &[], Action::Pass) };
            Ok(Arc::new(RuleSet::new(&[rule], "")?) as Arc<dyn Engine>)
        })
    }

    fn dictionary(&mut self, name: &str) -> Result<Arc<dyn Engine>, EngineError> {
        let (filter, parts) = (self.filter, self.parts);
        let Some(dictionary) = filter.dictionaries.get(name) else { return Err(missing(name)) };
        // What does not change what is found does not make another automaton.
        let made_of = Dictionary { language: None, named_only: false, ..dictionary.clone() };
        parts.get(&(name, &made_of), || {
            let text = self.text(name, &dictionary.content)?;
            let (entries, problems) = read(dictionary.form, &text, &dictionary.defaults());
            if !problems.is_empty() {
                self.unusable.push(format!("dictionary {name:?}: {} words", problems.len()));
            }
            let words = safety::Dictionary {
                name: name.to_owned(),
                action: dictionary.action,
                output: dictionary.output,
                severity: dictionary.severity,
                on_error: dictionary.on_error,
                shadow: dictionary.shadow,
                entries,
            };
            let is_unbuilt = words.entries.is_empty() && !problems.is_empty();
            let unbuilt = Unbuilt::of(&as_rule(name, dictionary)).filter(|_| is_unbuilt);
            let building = RuleSet::builder("").dictionary(&words);
            let building = unbuilt.into_iter().fold(building, |b, unbuilt| b.detector(Box::new(unbuilt)));
            Ok(Arc::new(building.build()?) as Arc<dyn Engine>)
        })
    }

    /// The table of an app's tiers. Lines that this version cannot read are left out.
    fn tiers(&mut self, key: &AppKey, app: &App) -> Result<Option<Arc<TierTable>>, EngineError> {
        let Some(content) = &app.tier_table else { return Ok(None) };
        let names: Vec<&str> = app.tiers.iter().map(|tier| tier.name.as_str()).collect();
        let parts = self.parts;
        parts
            .table(&("tiers", &content.hash, &names), || {
                let text = (self.fetch)(content)
                    .map_err(|source| EngineError::Table { app: key.clone(), source })?;
                let (table, problems) = TierTable::read(&text, |name| names.contains(&name));
                if !problems.is_empty() {
                    self.unusable.push(format!("tiers of {key}: {} lines", problems.len()));
                }
                Ok(Arc::new(table))
            })
            .map(Some)
    }

    /// The rules without what cannot be looked for.
    fn usable(&mut self, rules: Vec<&Rule>) -> Usable {
        let mut usable = Usable::default();
        for rule in rules {
            let mut kept = rule.clone();
            kept.words.retain(|word| searchable(word).is_ok());
            if let Some(near) = &mut kept.near {
                near.words.retain(|word| searchable(word).is_ok());
            }
            let left_out = rule.words.len() - kept.words.len();
            if let Err(bad) = kept.check() {
                self.unusable.push(format!("rule {:?}: all of it, {}", rule.id, bad.reason));
                usable.stopping.extend(Unbuilt::of(rule).map(|_| rule.clone()));
                continue;
            }
            if left_out > 0 {
                self.unusable.push(format!("rule {:?}: {left_out} words", rule.id));
            }
            usable.rules.push(kept);
        }
        usable
    }
}

/// What a dictionary says that has no word to look for.
fn as_rule(name: &str, dictionary: &Dictionary) -> Rule {
    Rule {
        output: dictionary.output,
        category: dictionary.category.clone().unwrap_or_default(),
        severity: dictionary.severity,
        shadow: dictionary.shadow,
        on_error: dictionary.on_error,
        ..Rule::words(name, &[], dictionary.action)
    }
}

fn missing(name: &str) -> EngineError {
    EngineError::Content { name: name.to_owned(), source: Box::new(BadContent::Missing) }
}

#[cfg(test)]
mod tests;
