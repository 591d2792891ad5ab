-- Which rule chose which target, how often the first one did not answer, and what that saves.
-- `share` is that of the app's calls in percent; `retries` are calls behind the first of their request, so escalations to the next target as
-- well. `at_best` is what the same tokens would have cost at the first target of the longest chain that the app used in that time, at the
-- prices that the configuration file has now for it, those of the whole day and of short prompts; `saved` is the difference. Both are empty
-- where that target has no price in the currency of the line.
-- @by columns(rule,class,arm,target,model,tier,kind,day,month) [rule,class,target] what is told apart within its app
-- @app text [] only this app (org#app); empty means all
-- @from time [30d] calls that started at or after this moment
-- @to time [tomorrow] calls that started before this moment
-- @source word(auto,rollup,facts) [auto] where it is read from: the cheapest that carries it, a rollup, or the facts
-- @top count [100] lines at most
WITH best AS
(
    SELECT of_app, price.*
    FROM
    (
        SELECT app AS of_app, argMax(targets[1], (length(targets), targets[1])) AS first_target
        FROM messages
        WHERE at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')} AND notEmpty(targets)
        GROUP BY app
    ) AS longest
    INNER JOIN {prices} AS price ON price.target = longest.first_target
)
SELECT
    app,
    {by:columns},
    currency_of_line AS currency,
    calls_of_line AS calls,
    round(100 * calls_of_line / nullIf(sum(calls_of_line) OVER (PARTITION BY app), 0), 1) AS share,
    retries_of_line AS retries,
    cost_of_line AS cost,
    at_best_of_line AS at_best,
    at_best_of_line - cost_of_line AS saved
FROM
(
    SELECT
        usage.app AS app,
        {by:columns},
        usage.currency AS currency_of_line,
        sum(usage.calls) AS calls_of_line,
        sum(usage.retries) AS retries_of_line,
        if(currency_of_line = '', NULL, sum(usage.cost)) AS cost_of_line,
        if(currency_of_line = '' OR any(best.currency) != currency_of_line, NULL, toDecimal128(sum(
            (toInt128(usage.input) - toInt128(usage.cached)) * best.input + toInt128(usage.cached) * best.cached
            + toInt128(usage.output) * best.output), 12) / 1000000000000) AS at_best_of_line
    FROM {usage} AS usage
    LEFT JOIN best ON best.of_app = usage.app
    GROUP BY app, {by:columns}, currency_of_line
)
ORDER BY app, calls DESC, {by:columns}, currency
LIMIT {top:UInt64}
