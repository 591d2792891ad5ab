//! What is recorded of tokens and money, beside the invoice of the stand-in.

use std::collections::{BTreeMap, VecDeque};

use schemas::answered::{Answered, Attempt, Usage};
use serde_json::Value;

/// Question and answer in scripts whose tokens the stand-in and our estimate count alike, so that estimates can be compared as well.
pub(crate) const QUESTION: &str = "我的门禁卡badge打不开门怎么办";
pub(crate) const ANSWER: &str = "请把门禁卡放在大厅读卡器上五秒钟然后松开如果指示灯变成绿色就可以使用了否则请到前台找值班的同事更换一张新卡";

/// The rest of a row `[[price]]`, of the prices below.
pub(crate) const PRICE: &str =
    "currency = \"CNY\"\nfrom = \"2020-01-01\"\ninput = \"4\"\ncached = \"0.4\"\noutput = \"16\"\n";
/// Millionths of a currency's unit per token: of a fresh prompt, of a cached one, of an answer.
const PRICES: [i128; 3] = [4_000_000, 400_000, 16_000_000];

/// Tokens that are priced apart, as the ledger of the stand-in or an attempt has them: fresh, cached, answer.
type Tokens = [u64; 3];

fn recorded(usage: &Usage) -> Tokens {
    [usage.input.saturating_sub(usage.cached), usage.cached, usage.output]
}

fn billed(entry: &Value) -> Option<Tokens> {
    let count = |name: &str| entry[name].as_u64().unwrap();
    let [prompt, cached] = ["prompt_tokens", "cached_tokens"].map(count);
    entry["billed"].as_bool().unwrap().then(|| [prompt - cached, cached, count("completion_tokens")])
}

fn cost(tokens: Tokens) -> i128 {
    tokens.iter().zip(PRICES).map(|(count, price)| i128::from(*count) * price).sum()
}

/// The stand-in's calls by what tells them apart.
pub(crate) struct Invoice<'a> {
    by_id: BTreeMap<&'a str, &'a Value>,
    /// A WebSocket carries no id of ours: its calls are known by their model, in their order.
    by_model: BTreeMap<&'a str, VecDeque<&'a Value>>,
}

impl<'a> Invoice<'a> {
    pub(crate) fn of(entries: &'a [Value]) -> Self {
        let mut invoice = Self { by_id: BTreeMap::new(), by_model: BTreeMap::new() };
        for entry in entries {
            match entry["request_id"].as_str() {
                Some(id) => drop(invoice.by_id.insert(id, entry)),
                None => {
                    invoice.by_model.entry(entry["model"].as_str().unwrap()).or_default().push_back(entry)
                }
            }
        }
        invoice
    }

    /// Where the records of these attempts are not what the vendor bills for them.
    pub(crate) fn contradictions(
        &mut self,
        answered: &Answered,
        which: impl Fn(&Attempt) -> bool,
    ) -> Vec<String> {
        let attempts = answered.attempts.iter().filter(|attempt| which(attempt));
        let wrong = attempts.filter_map(|attempt| match self.take(answered, attempt) {
            Some(entry) => miscounted(attempt, entry),
            // It never came to the model.
            None if attempt.usage.is_none() && !attempt.may_be_billed => None,
            None => Some(format!("{} {} is not in the ledger", attempt.target, answered.request)),
        });
        wrong.collect()
    }

    fn take(&mut self, answered: &Answered, attempt: &Attempt) -> Option<&'a Value> {
        let id = format!("{}-{}", answered.request, attempt.number);
        let by_model = || self.by_model.get_mut(attempt.model.as_str())?.pop_front();
        self.by_id.get(id.as_str()).copied().or_else(by_model)
    }
}

fn miscounted(attempt: &Attempt, entry: &Value) -> Option<String> {
    let (ours, theirs) = (attempt.usage.as_ref().map(recorded), billed(entry));
    let ours_cost = attempt.cost.as_ref().map(|cost| cost.pico);
    let tell = |what: &str| {
        let error = attempt.error.as_deref().unwrap_or("ok");
        Some(format!("{} ({error}): {what}: {ours:?} {ours_cost:?}, billed {theirs:?}", attempt.target))
    };
    match (ours, theirs) {
        (None, None) => None,
        // Nothing of it was seen, and that is on the record.
        (None, Some(_)) if attempt.may_be_billed && attempt.time_to_first_token_ms.is_none() => None,
        (None, Some(_)) => tell("billed and not recorded"),
        (Some(ours), None) => (ours.iter().sum::<u64>() > 0).then(|| tell("recorded and not billed"))?,
        (Some(ours), Some(theirs)) if ours != theirs => tell("other tokens"),
        (Some(ours), Some(_)) if ours_cost != Some(cost(ours)) => tell("other money"),
        (Some(_), Some(_)) => None,
    }
}
