-- What becomes of messages: received, asked of a model, answered, delivered, rated.
-- `received` were decided on; `passed` are among people, `blocked` were stopped by the filter, `asked` opened a turn or wait in one.
-- `turns` are what requests for answers were made of: `answered` by a model, the rest ended otherwise. `delivered` are answers of which every
-- part was sent, `undelivered` those of which one was not; `retracted` were taken back. `rated` are ratings. `answered_share` is that of the
-- turns, in percent.
-- @by columns(app,chat_kind,day,month) [app] what is told apart
-- @app text [] only this app (org#app); empty means all
-- @from time [30d] what happened at or after this moment
-- @to time [tomorrow] what happened before this moment
SELECT
    {by:columns},
    countIf(step = 'received') AS received,
    countIf(step = 'received' AND label = 'passed') AS passed,
    countIf(step = 'received' AND label = 'blocked') AS blocked,
    countIf(step = 'received' AND label IN ('asked', 'held', 'waits')) AS asked,
    countIf(step = 'ended') AS turns,
    countIf(step = 'ended' AND label = 'done') AS answered,
    countIf(step = 'sent' AND label = 'sent') AS delivered,
    countIf(step = 'sent' AND label = 'unsent') AS undelivered,
    countIf(step = 'sent' AND label = 'retracted') AS retracted,
    countIf(step = 'rated') AS rated,
    round(100 * answered / nullIf(turns, 0), 1) AS answered_share
FROM
(
    SELECT *, toDate(at, {zone:String}) AS day, toStartOfMonth(at, {zone:String}) AS month
    FROM
    (
        SELECT app, at, chat_kind, 'received' AS step, toString(ruling) AS label FROM messages
        UNION ALL
        SELECT app, at, chat_kind, 'ended', toString(outcome) FROM requests WHERE kind = 'answer'
        UNION ALL
        SELECT app, min(at), any(chat_kind), 'sent',
            multiIf(countIf(result = 'retracted') > 0, 'retracted', countIf(result = 'sent') = any(parts), 'sent', 'unsent')
        FROM replies
        WHERE at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')} AND ({app:String} = '' OR app = {app:String})
        GROUP BY app, turn
        UNION ALL
        SELECT app, at, chat_kind, 'rated', toString(kind) FROM feedback WHERE isNotNull(rating)
    )
    WHERE at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')} AND ({app:String} = '' OR app = {app:String})
)
GROUP BY {by:columns}
ORDER BY {by:columns}
