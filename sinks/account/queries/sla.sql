-- What was promised and what was kept, per app and month, for export.
-- `turns` are requests for answers that ended, `answered` those that a model answered, `in_time` those answered within `within`
-- milliseconds of the decision; both shares are of the turns, in percent. `expired`, `failed`, `cancelled` and `dead` are the others, `lost` among
-- the dead. `reruns` counts requests of which an earlier run may be billed as well and left no trace. Times are milliseconds from the decision
-- to the end of requests that were answered. `sent` are parts of answers that Easemob took, `unsent` the others.
-- @by columns(app,month,day,tier,rule,chat_kind) [app,month] what is told apart
-- @app text [] only this app (org#app); empty means all
-- @within count [10000] milliseconds within which an answer is in time
-- @from time [365d] what ended at or after this moment
-- @to time [tomorrow] what ended before this moment
SELECT
    {by:columns},
    countIf(step = 'turn') AS turns,
    countIf(step = 'turn' AND label = 'done') AS answered,
    round(100 * answered / nullIf(turns, 0), 2) AS answered_share,
    countIf(step = 'turn' AND label = 'done' AND ms <= {within:UInt64}) AS in_time,
    round(100 * in_time / nullIf(turns, 0), 2) AS in_time_share,
    countIf(step = 'turn' AND label = 'expired') AS expired,
    countIf(step = 'turn' AND label = 'failed') AS failed,
    countIf(step = 'turn' AND label = 'cancelled') AS cancelled,
    countIf(step = 'turn' AND label IN ('dead', 'lost')) AS dead,
    countIf(rerun) AS reruns,
    quantileExactIfOrNull(0.5)(ms, step = 'turn' AND label = 'done') AS p50_ms,
    quantileExactIfOrNull(0.95)(ms, step = 'turn' AND label = 'done') AS p95_ms,
    quantileExactIfOrNull(0.99)(ms, step = 'turn' AND label = 'done') AS p99_ms,
    countIf(step = 'part' AND label = 'sent') AS sent,
    countIf(step = 'part' AND label IN ('undelivered', 'unknown')) AS unsent
FROM
(
    SELECT *, toDate(at, {zone:String}) AS day, toStartOfMonth(at, {zone:String}) AS month
    FROM
    (
        SELECT app, at, toString(tier) AS tier, toString(rule) AS rule, chat_kind, 'turn' AS step, toString(outcome) AS label, took_ms AS ms, rerun
        FROM requests WHERE kind = 'answer'
        UNION ALL
        SELECT app, at, '', '', chat_kind, 'part', toString(result), NULL, false FROM replies
    )
    WHERE at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')} AND ({app:String} = '' OR app = {app:String})
)
GROUP BY {by:columns}
ORDER BY {by:columns}
