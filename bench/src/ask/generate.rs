//! The set that is asked: calls of models over ninety days, made inside the engine by hash functions, so that the same number of rows is the
//! same set, whoever makes it.

use super::rollups::Rollups;
use super::scene::Scene;
use anyhow::Result;
use dev::console::say;
use std::time::{Duration, Instant};

/// Rows of one statement, of a day if there are enough: a block that the engine sorts at once.
const AT_ONCE: u64 = 1_000_000;
/// Most rows of one statement.
const LARGEST: u64 = 2_000_000;
/// Days that the set is spread over, the last one yesterday.
pub(super) const DAYS: u64 = 90;
/// Of so many calls one has its message, its request and its reply.
pub(super) const WHOLE: u64 = 100;

/// Columns of a call, each from the number of the call and `rows`, the number of all. Twenty apps, the larger the earlier; 50,000 persons of
/// each, some of whom write far more than others; more calls by day than by night; every twentieth call is the repeat of the one before it at
/// the next target; classes choose rules and targets, and half of the apps try two styles.
const CALL: &str = "
    number AS n,
    number - toUInt64(cityHash64(number, 'retry') % 20 = 0) AS turn_number,
    number != turn_number AS is_repeat,
    cityHash64(turn_number, 'turn') AS h,
    concat('acme#', ['alpha', 'beta', 'gamma', 'delta', 'epsilon'][1 + intDiv(app_number, 4)], toString(app_number)) AS app_name,
    toUInt64(20 * pow((h % 1000) / 1000, 2)) AS app_number,
    toUInt64(50000 * pow((intDiv(h, 1000) % 10000) / 10000, 3)) AS person,
    (turn_number / {rows}) * {days} AS day,
    day + 0.1 * sin(2 * pi() * (day - floor(day) - 0.25)) AS seasonal,
    toDateTime64(toStartOfDay(now(), 'UTC'), 3, 'UTC') - INTERVAL {days} DAY AS first_day,
    addMilliseconds(first_day, toInt64(86400000 * seasonal) + if(is_repeat, 2000, 0)) AS moment,
    ['simple', 'standard', 'hard'][1 + intDiv(h, 10000000) % 3] AS question,
    multiIf(question = 'hard', 1, question = 'standard', 2, 3) + toUInt8(is_repeat) AS place,
    ['large', 'middle', 'small', 'spare'][place] AS target_name,
    cityHash64(number, 'call') AS c,
    NOT is_repeat AND cityHash64(number + 1, 'retry') % 20 = 0 AS has_failed,
    100 + c % 2000 + intDiv(c, 7) % 900 AS prompt,
    20 + intDiv(c, 11) % 500 AS completion,
    [40, 8, 2, 1][place] AS price_of_target";

const CALLS: &str = "INSERT INTO {db}.model_calls (app, at, request, kind, turn, message, chat_kind, conversation, attempt, attempts, target,
    provider, model, region, error, status, duration_ms, time_to_first_token_ms, tokens_input, tokens_cached, tokens_output, tokens_reasoning,
    usage_source, cost, billing, currency, price, outcome, calls, user, tier, rule, class, arms, queue_ms, source_topic, source_partition,
    source_offset, builder)
WITH {call}
SELECT app_name, moment, {uuid.request}, 'answer', {uuid.turn}, concat(app_name, '/chat/', toString(1500000000000000000 + turn_number)), 'chat',
    lower(hex(sipHash128(app_name, person, 'c'))), 1 + is_repeat, 1 + is_repeat, target_name, ['openai', 'tongyi', 'local', 'local'][place],
    ['gpt-5.4', 'qwen-plus', 'acme-small', 'acme-spare'][place], 'cn', if(has_failed, 'timeout', ''), if(has_failed, NULL, 200),
    if(has_failed, 30000, 200 + c % 3000 + completion * 4), if(has_failed, NULL, 100 + c % 400), if(has_failed, NULL, prompt),
    if(has_failed, NULL, intDiv(prompt * (c % 4), 5)), if(has_failed, NULL, completion), if(has_failed, NULL, 0),
    if(has_failed, '', 'provider'), if(has_failed, NULL, toDecimal128((prompt + 4 * completion) * price_of_target, 12) / 10000000),
    if(has_failed, 'uncertain', 'priced'), if(has_failed, '', 'CNY'), if(has_failed, '', concat('p/', target_name, '/*/1767225600000')), 'done', 1,
    lower(hex(sipHash128(app_name, person, 'u'))), ['gold', 'silver', ''][1 + person % 3], concat('r-', question), question,
    if(app_number % 2 = 0, [concat('style=', ['short', 'long'][1 + person % 2])], []), 5 + c % 40, 'events', app_number % 8, n, 6
FROM numbers_mt({first}, {count})";

const MESSAGES: &str = "INSERT INTO {db}.messages (app, at, message, chat_kind, conversation, sender, input, kind, characters, ruling, turn, route,
    targets, queue_ms, decide_ms, source_topic, source_partition, source_offset, builder)
WITH {call}
SELECT app_name, moment - INTERVAL 1 SECOND, concat(app_name, '/chat/', toString(1500000000000000000 + turn_number)), 'chat',
    lower(hex(sipHash128(app_name, person, 'c'))), lower(hex(sipHash128(app_name, person, 'u'))), 'message', 'text', 20, 'asked', {uuid.turn},
    concat('r-', question), ['large', 'middle', 'small', 'spare'], 20 + c % 10, 5, 'decisions', app_number % 8, n, 6
FROM (SELECT number FROM numbers({first}, {count}) WHERE number % {whole} = 0) WHERE NOT is_repeat";

const REQUESTS: &str = "INSERT INTO {db}.requests (app, at, request, kind, turn, message, chat_kind, conversation, user, outcome, attempts,
    target, waiting_ms, pacing_ms, took_ms, rule, class, source_topic, source_partition, source_offset, builder)
WITH {call}
SELECT app_name, moment + INTERVAL 3 SECOND, {uuid.request}, 'answer', {uuid.turn},
    concat(app_name, '/chat/', toString(1500000000000000000 + turn_number)), 'chat', lower(hex(sipHash128(app_name, person, 'c'))),
    lower(hex(sipHash128(app_name, person, 'u'))), 'done', 1, target_name, 20, 5, 2000 + c % 3000, concat('r-', question), question, 'events',
    app_number % 8, n, 6
FROM (SELECT number FROM numbers({first}, {count}) WHERE number % {whole} = 0) WHERE NOT is_repeat";

const REPLIES: &str = "INSERT INTO {db}.replies (app, at, answer, turn, message, chat_kind, conversation, bot, part, parts, characters, result,
    easemob_id, attempts, decided_at, started_at, delivery_ms, source_topic, source_partition, source_offset, builder)
WITH {call}
SELECT app_name, moment + INTERVAL 4 SECOND, {uuid.answer}, {uuid.turn},
    concat(app_name, '/chat/', toString(1500000000000000000 + turn_number)), 'chat', lower(hex(sipHash128(app_name, person, 'c'))), 'bot', 1, 1,
    200, 'sent', toString(1600000000000000000 + turn_number), 1, moment, moment, 50 + c % 100, 'deliveries', app_number % 8, n, 6
FROM (SELECT number FROM numbers({first}, {count}) WHERE number % {whole} = 0) WHERE NOT is_repeat";

/// Makes the set; gives how long that took. Facts come first, without the views, which would group each block for itself.
///
/// # Errors
/// When the engine refuses, or somebody interrupts.
pub(super) fn generate(scene: &Scene, rows: u64) -> Result<Duration> {
    let begun = Instant::now();
    let rollups = Rollups::detach(scene)?;
    let at_once = (rows / DAYS).clamp(AT_ONCE, LARGEST);
    for first in (0..rows).step_by(usize::try_from(at_once)?) {
        scene.patience.check()?;
        let range = Range { first, count: at_once.min(rows - first) };
        for statement in [CALLS, MESSAGES, REQUESTS, REPLIES] {
            scene.ask(&filled(statement, rows, range))?;
        }
        say(&format!("{} of {rows} calls, {} s", first + range.count, begun.elapsed().as_secs()));
    }
    rollups.fill(scene)?;
    rollups.check(scene)?;
    Ok(begun.elapsed())
}

/// Calls by their numbers.
#[derive(Clone, Copy)]
struct Range {
    first: u64,
    count: u64,
}

fn filled(statement: &str, rows: u64, range: Range) -> String {
    let uuid = |of: &str| {
        format!(
            "reinterpretAsUUID(bitShiftLeft(toUInt128(cityHash64(turn_number, '{of}')), 64) + cityHash64(turn_number, '{of}', 2))"
        )
    };
    let mut sql = statement.replace("{call}", CALL);
    for of in ["request", "turn", "answer"] {
        sql = sql.replace(&format!("{{uuid.{of}}}"), &uuid(of));
    }
    let values =
        [("rows", rows), ("days", DAYS), ("whole", WHOLE), ("first", range.first), ("count", range.count)];
    let sql =
        values.iter().fold(sql, |sql, (name, value)| sql.replace(&format!("{{{name}}}"), &value.to_string()));
    format!("{sql} SETTINGS max_insert_threads = 2")
}
