-- What changed with the configuration: the same figures for each bundle that decided in that time, the newest first.
-- `since` is its first decision in the period. Calls, cost and times are those of the turns that it opened; amounts of different currencies
-- have lines of their own.
-- @app text [] only this app (org#app); empty means all
-- @from time [30d] messages that were decided on at or after this moment
-- @to time [tomorrow] messages that were decided on before this moment
SELECT
    app,
    bundle,
    min(decided.first) AS since,
    any(decided.received) AS messages,
    any(decided.stopped) AS blocked,
    sum(call.calls_of_turn) AS calls,
    sum(call.errors_of_turn) AS errors,
    call.currency_of_turn AS currency,
    sum(call.cost_of_turn) AS cost,
    round(quantileExactIfOrNull(0.95)(call.slowest, call.calls_of_turn > 0)) AS p95_ms
FROM
(
    SELECT
        app, bundle, turn,
        min(at) OVER (PARTITION BY app, bundle) AS first,
        count() OVER (PARTITION BY app, bundle) AS received,
        countIf(ruling = 'blocked') OVER (PARTITION BY app, bundle) AS stopped
    FROM messages
    WHERE at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')} AND ({app:String} = '' OR app = {app:String})
    LIMIT 1 BY app, bundle, turn
) AS decided
LEFT JOIN
(
    SELECT
        facts.turn AS of_turn, facts.currency AS currency_of_turn, sum(toInt64(facts.calls)) AS calls_of_turn,
        countIf(facts.error != '') AS errors_of_turn, sum(facts.cost) AS cost_of_turn, max(facts.duration_ms) AS slowest
    FROM model_calls AS facts
    WHERE facts.at >= {from:DateTime64(3, 'UTC')} AND ({app:String} = '' OR facts.app = {app:String})
    GROUP BY facts.turn, facts.currency
) AS call ON call.of_turn = decided.turn
GROUP BY app, bundle, currency
ORDER BY app, since DESC, currency
