//! Every row that there is of one message: found by its id, without reading more than the hours that name it.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::Deserialize;
use uuid::Uuid;

use crate::queries::{Table, read_table};
use crate::{Store, StoreError};

/// What the tables say of one message.
#[derive(Debug, Default)]
pub struct Story {
    /// Its id; the one that was asked for may have been that of an answer, a turn or a sent part. `None` where no row names it.
    pub message: Option<String>,
    /// The turns that it belongs to, by their ids: more than one where a later message interrupted the answer to it.
    pub turns: Vec<String>,
    /// Rows by table, oldest first.
    pub rows: BTreeMap<&'static str, Table>,
}

/// A message or turn, with the hours in which rows name it.
#[derive(Debug, Row, Deserialize)]
struct Found {
    app: String,
    message: String,
    turn: String,
}

#[derive(Debug, Row, Deserialize)]
struct Hours {
    app: String,
    first: u32,
    last: u32,
}

const PLACES: &str =
    "SELECT toString(app) AS app, toUnixTimestamp(min(hour)) AS first, toUnixTimestamp(max(hour)) AS last
FROM whereabouts WHERE id_hash IN (SELECT cityHash64(arrayJoin({ids:Array(String)}))) GROUP BY app LIMIT 2";

const WITHIN: &str = "app = {app:String} AND at >= toDateTime({first:UInt32}, 'UTC') AND at < toDateTime({last:UInt32}, 'UTC') + INTERVAL 1 HOUR";

/// What an id may name, by table: a message, a turn, a request, an answer or Easemob's id of a part.
const NAMED: &str = "SELECT DISTINCT toString(app) AS app, message, turn FROM
(
    SELECT app, message, ifNull(toString(turn), '') AS turn FROM messages WHERE {within} AND message IN {ids:Array(String)}
    UNION ALL
    SELECT app, message, ifNull(toString(turn), '') FROM requests
    WHERE {within} AND (message IN {ids:Array(String)} OR turn IN {uuids:Array(UUID)} OR request IN {uuids:Array(UUID)})
    UNION ALL
    SELECT app, message, toString(turn) FROM replies
    WHERE {within} AND (message IN {ids:Array(String)} OR turn IN {uuids:Array(UUID)} OR answer IN {uuids:Array(UUID)}
        OR easemob_id IN {ids:Array(String)})
)";

/// The tables, what of their rows is told, and what ties a row to the message.
const PARTS: [(&str, &str, &str); 8] = [
    (
        "messages",
        "at, message, chat_kind, conversation, sender, input, kind, characters, ruling, reasons, action, rules, dictionary, reply, turn, merged, \
         route, class, score, arms, targets, bundle, sent_at, received_at, queue_ms, decide_ms, event_partition, event_offset, \
         source_partition, source_offset",
        OF_MESSAGE,
    ),
    (
        "safety_events",
        "at, place, direction, rule, category, severity, action, shadow, views, places, dictionary",
        "message IN {messages:Array(String)}",
    ),
    (
        "requests",
        "at, request, kind, outcome, reason, level, attempts, target, truncated, rerun, rule, waiting_ms, pacing_ms, first_token_ms, model_ms, \
         took_ms, source_partition, source_offset",
        OF_TURN,
    ),
    (
        "model_calls",
        "at, request, kind, attempt, target, key_number, provider, model, model_answered, region, error, code, status, detail, duration_ms, \
         time_to_first_token_ms, tokens_input, tokens_cached, tokens_output, tokens_reasoning, usage_source, cost, billing, currency, price, \
         provider_request, finish, correction",
        OF_TURN,
    ),
    (
        "raw_usage",
        "at, request, attempt, provider_request, usage",
        "request IN (SELECT assumeNotNull(request) FROM requests WHERE {within} AND {of})",
    ),
    (
        "replies",
        "at, answer, part, parts, characters, result, reason, easemob_id, attempts, rerun, decided_at, delivery_ms",
        OF_TURN,
    ),
    (
        "ledger",
        "at, kind, amount, currency, tokens, reason, correction, price_before, price, operator",
        OF_TURN,
    ),
    ("feedback", "at, kind, origin, rating, reaction, put, characters", OF_TURN),
];

const OF_MESSAGE: &str = "(message IN {messages:Array(String)} OR turn IN {turns:Array(UUID)})";
const OF_TURN: &str = "turn IN {turns:Array(UUID)}";

impl Store {
    /// Everything that the tables have of a message. `ids` are what the id that was asked for may be in full.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn story(&self, ids: &[String]) -> Result<Story, StoreError> {
        let Some(hours) = self.hours(ids).await? else { return Ok(Story::default()) };
        let named = NAMED.replace("{within}", WITHIN);
        let uuids: Vec<&String> = ids.iter().filter(|id| Uuid::try_parse(id).is_ok()).collect();
        let asked = self.database.query_raw(&named).param("ids", ids).param("uuids", uuids);
        let asked = asked.param("app", &hours.app).param("first", hours.first).param("last", hours.last);
        let found: Vec<Found> = self.within("find a message", asked.fetch_all()).await?;
        let Some(first) = found.first() else { return Ok(Story::default()) };
        let named = |of: fn(&Found) -> &String| {
            let mut all: Vec<String> = found.iter().map(of).filter(|id| !id.is_empty()).cloned().collect();
            all.sort();
            all.dedup();
            all
        };
        let (messages, turns) = (named(|found| &found.message), named(|found| &found.turn));
        let all: Vec<String> = messages.iter().chain(&turns).cloned().collect();
        let hours = self.hours(&all).await?.unwrap_or(hours);
        let (message, app) = (first.message.clone(), first.app.clone());
        let about = About { app, hours, messages, turns };
        let mut rows = BTreeMap::new();
        for (part, table) in PARTS.iter().zip(futures(self, &about).await) {
            rows.insert(part.0, table?);
        }
        Ok(Story { message: Some(message), turns: about.turns, rows })
    }

    /// The app and the hours that name any of these.
    async fn hours(&self, ids: &[String]) -> Result<Option<Hours>, StoreError> {
        let asked = self.database.query_raw(PLACES).param("ids", ids).fetch_all::<Hours>();
        Ok(self.within("find the hours of a message", asked).await?.into_iter().next())
    }

    async fn part(&self, index: usize, about: &About) -> Result<Table, StoreError> {
        let Some((table, columns, of)) = PARTS.get(index) else { return Ok(Table::default()) };
        let of = of.replace("{of}", OF_TURN).replace("{within}", WITHIN);
        let sql = format!("SELECT {columns} FROM {table} WHERE {WITHIN} AND {of} ORDER BY at LIMIT 1000");
        let asked = (self.database.query_raw(&sql).param("app", &about.app))
            .param("first", about.hours.first.saturating_sub(BEFORE))
            .param("last", about.hours.last.saturating_add(AFTER))
            .param("messages", &about.messages)
            .param("turns", &about.turns)
            .with_setting("output_format_json_quote_decimals", "1")
            .with_setting("output_format_json_quote_64bit_integers", "0")
            .with_setting("readonly", "2");
        let bytes = self
            .within("read rows of a message", async { asked.fetch_bytes("JSONCompact")?.collect().await })
            .await?;
        Ok(read_table(&bytes).unwrap_or_default())
    }
}

/// A call starts at most so long before the row of its request says that it ended, in seconds.
const BEFORE: u32 = 3_600;

/// A request ends, and its parts are sent, at most so long after its message was decided on, in seconds: the hours are those of messages.
const AFTER: u32 = 2 * 3_600;

struct About {
    app: String,
    hours: Hours,
    messages: Vec<String>,
    turns: Vec<String>,
}

/// All parts at once.
async fn futures(store: &Store, about: &About) -> [Result<Table, StoreError>; 8] {
    let part = |index| store.part(index, about);
    let all = tokio::join!(part(0), part(1), part(2), part(3), part(4), part(5), part(6), part(7));
    let (a, b, c, d, e, f, g, h) = all;
    [a, b, c, d, e, f, g, h]
}
