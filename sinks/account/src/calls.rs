//! The calls of a time with all that was booked for each, for those who price them again.

use clickhouse::Row;
use serde::Deserialize;
use uuid::Uuid;

use crate::{Store, StoreError};

/// One call, as its row has it.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct BookedCall {
    /// The app that pays.
    pub app: String,
    /// The request.
    #[serde(with = "clickhouse::serde::uuid")]
    pub request: Uuid,
    /// Kind of the request.
    pub kind: String,
    /// Number of the attempt within it.
    pub attempt: u16,
    /// The turn.
    #[serde(with = "clickhouse::serde::uuid")]
    pub turn: Uuid,
    /// The message that opened it.
    pub message: String,
    /// What kind of chat it was.
    pub chat_kind: String,
    /// Pseudonym of the conversation.
    pub conversation: String,
    /// Pseudonym of the person, empty if unknown.
    pub user: String,
    /// Tier of the person, empty without one.
    pub tier: String,
    /// The target.
    pub target: String,
    /// Its provider.
    pub provider: String,
    /// Model that was asked for.
    pub model: String,
    /// Region of the target.
    pub region: String,
    /// Rule that chose the target.
    pub rule: String,
    /// Class of the complexity.
    pub class: String,
    /// Arms of experiments, `experiment=arm`.
    pub arms: Vec<String>,
    /// When it started, in milliseconds since the epoch.
    pub at: i64,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
    /// Tokens of the prompt, absent where nobody told or counted them. With the next five.
    pub input: Option<u64>,
    /// Read from a cache.
    pub cached: Option<u64>,
    /// Put into a cache for minutes.
    pub written_5m: Option<u64>,
    /// Put into a cache for an hour.
    pub written_1h: Option<u64>,
    /// Of the completion.
    pub output: Option<u64>,
    /// Of these, thoughts.
    pub reasoning: Option<u64>,
    /// The provider's counts contradict each other.
    pub contradicts: bool,
    /// The tokens are the provider's own, and no estimate.
    pub is_told: bool,
    /// What went wrong, empty where nothing did.
    pub error: String,
    /// What the provider said of its usage, in its own words; empty where it said nothing or that is not kept any more.
    pub raw_usage: String,
    /// Id of the price that was applied.
    pub price: String,
    /// What was booked for it, corrections included: currencies and decimal texts.
    pub booked: Vec<(String, String)>,
}

const SQL: &str = "SELECT app, request, kind, attempt,
    any(turn) AS turn, any(message) AS message, toString(any(chat_kind)) AS chat_kind, any(conversation) AS conversation,
    anyIf(user, calls = 1) AS user, toString(anyIf(tier, calls = 1)) AS tier, toString(any(target)) AS target, toString(any(provider)) AS provider, toString(any(model)) AS model,
    toString(any(region)) AS region, toString(any(rule)) AS rule, toString(any(class)) AS class,
    arrayMap(arm -> toString(arm), any(arms)) AS arms, toUnixTimestamp64Milli(min(facts.at)) AS at,
    max(duration_ms) AS duration_ms, anyIf(tokens_input, calls = 1) AS input, anyIf(tokens_cached, calls = 1) AS cached,
    anyIf(tokens_cache_write_5m, calls = 1) AS written_5m, anyIf(tokens_cache_write_1h, calls = 1) AS written_1h,
    anyIf(tokens_output, calls = 1) AS output, anyIf(tokens_reasoning, calls = 1) AS reasoning,
    max(usage_contradicts) AS contradicts, max(usage_source = 'provider') AS is_told, anyIf(toString(error), calls = 1) AS error,
    any(raw.usage) AS raw_usage,
    toString(argMax(price, (facts.calls = 0, facts.inserted_at))) AS price,
    groupArrayIf((toString(currency), toString(assumeNotNull(cost))), isNotNull(cost)) AS booked
FROM
(
    SELECT toString(app) AS app, request, toString(kind) AS kind, * EXCEPT (app, request, kind)
    FROM model_calls
    WHERE at >= fromUnixTimestamp64Milli({from:Int64}) AND at < fromUnixTimestamp64Milli({to:Int64})
) AS facts
LEFT JOIN
(
    SELECT toString(app) AS app, request, toString(kind) AS kind, attempt, any(usage) AS usage
    FROM raw_usage
    WHERE at >= fromUnixTimestamp64Milli({from:Int64}) AND at < fromUnixTimestamp64Milli({to:Int64})
    GROUP BY app, request, kind, attempt
) AS raw USING (app, request, kind, attempt)
GROUP BY app, request, kind, attempt
HAVING sum(calls) > 0
ORDER BY at, request, kind, attempt";

impl Store {
    /// The calls that started between two moments, in milliseconds since the epoch.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn booked_calls(&self, from: i64, to: i64) -> Result<Vec<BookedCall>, StoreError> {
        let asked = self.database.query_raw(SQL).param("from", from).param("to", to);
        self.within("read calls", asked.fetch_all()).await
    }
}
