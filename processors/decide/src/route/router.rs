//! The rules of an app, made ready: its own, then those that apps share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use catalogue::route::{Condition, LONGEST_TAG, Rule};
use catalogue::{Bundle, Filter};
use safety::{Cue, Cues};
use schemas::Millis;
use schemas::decision::{MOST_SKIPPED, Skipped, WeighedCondition, WeighedRule, Why};
use schemas::ids::AppKey;
use schemas::state::Marks;
use schemas::verdict::Verdict;

use super::facts::Facts;
use super::holds::Asked;
use super::told::Telling;

/// What rules are skipped by that ask for no kinds of messages, where no message has a text.
const NO_TEXT: &str = "no_text";
/// What rules are skipped by that show pictures, where there is none to show.
const VISION: &str = "vision";

/// The rules of an app.
#[derive(Debug)]
pub(crate) struct Router {
    app: AppKey,
    own: List,
    shared: Arc<List>,
    wanted: Wanted,
}

/// Rules in their order, with everything that they look for in texts.
#[derive(Debug)]
struct List {
    rules: Vec<Ready>,
    cues: Cues,
}

/// A rule, and where the cue of its first condition is that has one; those of the next follow.
#[derive(Debug)]
struct Ready {
    rule: Rule,
    cue: usize,
}

/// What of a message must be kept for the rules.
#[derive(Debug, Default)]
struct Wanted {
    tags: BTreeSet<String>,
    rules: BTreeSet<String>,
    categories: BTreeSet<String>,
    /// Categories of these by the ids of the filter's rules, and the names of its dictionaries, whose ids end with theirs: verdicts
    /// name no categories.
    category_of: BTreeMap<String, String>,
    dictionaries: BTreeSet<String>,
    /// For how long questions are remembered, in milliseconds.
    memory_ms: Millis,
}

impl Router {
    /// The routers of a bundle's apps that have anything to choose.
    pub(crate) fn all(bundle: &Bundle) -> BTreeMap<AppKey, Self> {
        let shared = Arc::new(List::of(&bundle.routes));
        let routed = bundle
            .apps
            .iter()
            .filter(|(key, app)| bundle.routes_of(key).next().is_some() || !app.experiments.is_empty());
        let router = |key: &AppKey, own: &[Rule]| Self {
            app: key.clone(),
            own: List::of(own),
            shared: Arc::clone(&shared),
            wanted: Wanted::by(bundle.routes_of(key), &bundle.filter),
        };
        routed.map(|(key, app)| (key.clone(), router(key, &app.routes))).collect()
    }

    /// The first rule that holds. What was skipped before it is told.
    pub(super) fn first(&self, facts: &Facts<'_>, telling: Telling, why: &mut Why) -> Option<&Rule> {
        if telling == Telling::All {
            let lists = [&self.own, self.shared.as_ref()];
            why.weighed = lists.into_iter().flat_map(|list| list.weighed(&self.app, facts)).collect();
            facts.score();
        }
        let mut skip = |rule: &Rule, by: &str| {
            if why.skipped.len() < MOST_SKIPPED {
                why.skipped.push(Skipped { rule: rule.name.clone(), by: by.to_owned() });
            } else {
                why.left_off = why.left_off.saturating_add(1);
            }
        };
        let own = self.own.first(&self.app, facts, &mut skip);
        own.or_else(|| self.shared.first(&self.app, facts, &mut skip))
    }

    /// What is to be kept of a message besides its text; nothing where there is nothing.
    pub(crate) fn marks(
        &self,
        tags: &BTreeMap<String, String>,
        verdicts: [&Verdict; 2],
    ) -> Option<Box<Marks>> {
        let Wanted { tags: wanted, rules, categories, .. } = &self.wanted;
        let tags = tags.iter().filter(|(name, value)| wanted.contains(*name) && value.len() <= LONGEST_TAG);
        let listed =
            verdicts.iter().flat_map(|verdict| &verdict.findings).flat_map(|findings| &findings.list);
        let found: Vec<_> = listed.filter(|finding| !finding.shadow).collect();
        let hit =
            || verdicts.iter().flat_map(|verdict| &verdict.rules).chain(found.iter().map(|one| &one.rule));
        let told = found.iter().map(|one| one.category.as_str());
        let of = hit().filter_map(|rule| self.wanted.category(rule)).chain(told);
        let marks = Marks {
            tags: tags.map(|(name, value)| (name.clone(), value.clone())).collect(),
            rules: hit().filter(|rule| rules.contains(*rule)).cloned().collect(),
            categories: of.filter(|category| categories.contains(*category)).map(str::to_owned).collect(),
            tier: None,
        };
        (marks != Marks::default()).then(|| Box::new(marks))
    }

    /// For how long questions are remembered, in milliseconds; not at all where no rule asks.
    pub(crate) fn memory_ms(&self) -> Millis {
        self.wanted.memory_ms
    }
}

impl List {
    fn of(rules: &[Rule]) -> Self {
        let mut cues = Vec::new();
        let mut ready = Vec::new();
        for rule in rules {
            ready.push(Ready { rule: rule.clone(), cue: cues.len() });
            cues.extend(rule.when.iter().filter_map(cue));
        }
        Self { rules: ready, cues: Cues::new(cues) }
    }

    /// Every condition of every rule, whether or not one before it holds.
    fn weighed(&self, app: &AppKey, facts: &Facts<'_>) -> Vec<WeighedRule> {
        let cued = self.cues.within(facts.folded());
        let of = |ready: &Ready| {
            let rule = &ready.rule;
            let fails = |condition: &str, fails: bool| {
                let told =
                    WeighedCondition { condition: condition.to_owned(), holds: false, is: String::new() };
                fails.then_some(told)
            };
            let kinds = [
                fails(NO_TEXT, !facts.has_text() && !rule.asks_for_kinds()),
                fails(VISION, rule.shows_pictures() && !facts.has_picture()),
            ];
            let mut at = ready.cue;
            let conditions = rule.when.iter().map(|condition| {
                let holds = Asked { condition, cue: at }.holds(facts, &cued);
                at += usize::from(cue(condition).is_some());
                WeighedCondition {
                    condition: condition.label().to_owned(),
                    holds,
                    is: facts.told(condition).unwrap_or_default(),
                }
            });
            let conditions = kinds.into_iter().flatten().chain(conditions).collect();
            WeighedRule { rule: rule.name.clone(), conditions }
        };
        self.rules.iter().filter(|ready| ready.rule.is_for(app)).map(of).collect()
    }

    fn first(&self, app: &AppKey, facts: &Facts<'_>, skip: &mut impl FnMut(&Rule, &str)) -> Option<&Rule> {
        if self.rules.is_empty() {
            return None;
        }
        let cued = self.cues.within(facts.folded());
        for Ready { rule, cue: first } in self.rules.iter().filter(|ready| ready.rule.is_for(app)) {
            if !facts.has_text() && !rule.asks_for_kinds() {
                skip(rule, NO_TEXT);
                continue;
            }
            let mut at = *first;
            let fails = rule.when.iter().find(|condition| {
                let asked = Asked { condition, cue: at };
                at += usize::from(cue(condition).is_some());
                !asked.holds(facts, &cued)
            });
            match fails {
                None if rule.shows_pictures() && !facts.has_picture() => skip(rule, VISION),
                None => return Some(rule),
                Some(by) => skip(rule, by.label()),
            }
        }
        None
    }
}

/// What a condition looks for in texts, if it does.
fn cue(condition: &Condition) -> Option<Cue<'_>> {
    match condition {
        Condition::Keywords(words) => Some(Cue::Words(words)),
        Condition::Regex(expression) => Some(Cue::Pattern(expression)),
        _ => None,
    }
}

impl Wanted {
    fn by<'a>(rules: impl Iterator<Item = &'a Rule>, filter: &Filter) -> Self {
        let mut wanted = Self::default();
        for condition in rules.flat_map(|rule| &rule.when) {
            match condition {
                Condition::Ext(tags) => wanted.tags.extend(tags.keys().cloned()),
                Condition::Safety(named) => {
                    wanted.rules.extend(named.rules.iter().cloned());
                    wanted.categories.extend(named.categories.iter().cloned());
                }
                Condition::Asked(again) => wanted.memory_ms = wanted.memory_ms.max(again.within_ms),
                _ => {}
            }
        }
        let of = filter.rules.iter().filter(|rule| wanted.categories.contains(&rule.category));
        wanted.category_of = of.map(|rule| (rule.id.clone(), rule.category.clone())).collect();
        wanted.dictionaries = filter.dictionaries.keys().cloned().collect();
        wanted
    }

    /// The category of a rule of the filter.
    fn category<'a>(&'a self, rule: &'a str) -> Option<&'a str> {
        let of_words = || rule.split_once('/').filter(|(name, _)| self.dictionaries.contains(*name));
        let own = self.category_of.get(rule).map(String::as_str);
        own.or_else(|| of_words().map(|(_, category)| category))
    }
}
