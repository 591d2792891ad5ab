-- Who burns the budget: the users or conversations that cost most, each currency by itself.
-- `share` is that of the app's cost in percent, `running` the share of the line and all above it. `before` and `change` are of the period
-- before, as in `cost`. Users and conversations are pseudonyms.
-- @who columns(user,conversation) [user] what is told apart within its app
-- @app text [] only this app (org#app); empty means all
-- @user user [] only this user, a pseudonym or, with app, an id; empty means all
-- @tier text [] only this tier; empty means all
-- @from time [30d] calls that started at or after this moment
-- @to time [tomorrow] calls that started before this moment
-- @source word(auto,rollup,facts) [auto] where it is read from: the cheapest that carries it, a rollup, or the facts
-- @top count [20] lines at most of each app and currency, the largest first
SELECT
    app,
    {who:columns},
    currency,
    calls_now AS calls,
    tokens_now AS tokens,
    cost_now AS cost,
    round(100 * toFloat64(cost_now) / nullIf(toFloat64(sum(cost_now) OVER (PARTITION BY app, currency)), 0), 1) AS share,
    round(100 * toFloat64(sum(cost_now) OVER (PARTITION BY app, currency ORDER BY cost_now DESC, {who:columns} ROWS UNBOUNDED PRECEDING))
        / nullIf(toFloat64(sum(cost_now) OVER (PARTITION BY app, currency)), 0), 1) AS running,
    cost_before AS before,
    round(100 * (toFloat64(cost_now) - toFloat64(cost_before)) / nullIf(toFloat64(cost_before), 0), 1) AS change
FROM
(
    SELECT
        app, {who:columns}, currency,
        sumIf(people.calls, is_now) AS calls_now,
        sumIf(people.input + people.output, is_now) AS tokens_now,
        sumIf(people.cost, is_now) AS cost_now,
        sumIf(people.cost, NOT is_now) AS cost_before
    FROM
    (
        SELECT *, people.moment >= {from:DateTime64(3, 'UTC')} AS is_now
        FROM {people} AS people
        WHERE people.moment >= {before:DateTime64(3, 'UTC')} AND people.currency != ''
    ) AS people
    GROUP BY app, {who:columns}, currency
    HAVING max(is_now)
)
ORDER BY app, currency, cost DESC, {who:columns}
LIMIT {top:UInt64} BY app, currency
