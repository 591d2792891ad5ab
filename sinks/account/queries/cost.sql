-- What calls cost, by whatever is asked for, with the change against the period before, which is as long.
-- Amounts of different currencies are never added: each has a line of its own. A call without cost stands on a line of its model's
-- currency. Every call is one of four: priced, and in `cost`; `unpriced`, made, and what it costs is not known; `uncertain`, sent, and
-- nobody saw how it ended, so that it may be billed; `free`, refused by its status before anything was generated, or never sent.
-- `corrected` is the part of `cost` that corrections changed. `before` is the cost of the period before, `change` the difference in percent.
-- A call in several experiments has all its arms in `arm`, and counts once. Users are pseudonyms.
-- @by columns(app,provider,model,target,kind,tier,rule,class,arm,error,region,chat_kind,user,hour,day,month) [app,provider,model] what is told apart
-- @app text [] only this app (org#app); empty means all
-- @provider text [] only this provider; empty means all
-- @model text [] only this model; empty means all
-- @tier text [] only this tier; empty means all
-- @rule text [] only this rule of routes; empty means all
-- @arm text [] only these arms, such as style=short; empty means all
-- @user user [] only this user, a pseudonym or, with app, an id; empty means all
-- @from time [30d] calls that started at or after this moment
-- @to time [tomorrow] calls that started before this moment
-- @source word(auto,rollup,facts) [auto] where it is read from: the cheapest that carries it, a rollup, or the facts
-- @top count [100] lines at most, the largest first
SELECT
    {by:columns},
    currency_of_line AS currency,
    sum(calls_now) AS calls,
    sum(errors_now) AS errors,
    sum(unpriced_now) AS unpriced,
    sum(uncertain_now) AS uncertain,
    sum(free_now) AS free,
    if(sum(known_now) > 0, sum(cost_now), NULL) AS cost,
    sum(corrected_now) AS corrected,
    if(sum(known_before) > 0, sum(cost_before), NULL) AS before,
    round(100 * (toFloat64(cost) - toFloat64(before)) / nullIf(toFloat64(before), 0), 1) AS change
FROM
(
    SELECT
        *,
        if(currency = '', max(currency) OVER (PARTITION BY of_app, of_provider, of_model), currency) AS currency_of_line
    FROM
    (
        SELECT
            {by:columns},
            app AS of_app, provider AS of_provider, model AS of_model, currency,
            sumIf(usage.calls, is_now) AS calls_now,
            sumIf(usage.calls, is_now AND usage.error != '') AS errors_now,
            sumIf(usage.calls, is_now AND usage.billing = 'unpriced') AS unpriced_now,
            sumIf(usage.calls, is_now AND usage.billing = 'uncertain') AS uncertain_now,
            sumIf(usage.calls, is_now AND usage.billing = 'free') AS free_now,
            countIf(is_now AND currency != '') AS known_now,
            sumIf(usage.cost, is_now) AS cost_now,
            sumIf(usage.cost, is_now AND usage.billing = 'correction') AS corrected_now,
            countIf(NOT is_now AND currency != '') AS known_before,
            sumIf(usage.cost, NOT is_now) AS cost_before,
            max(is_now) AS in_period
        FROM
        (
            SELECT *, usage.moment >= {from:DateTime64(3, 'UTC')} AS is_now
            FROM {usage} AS usage
            WHERE usage.moment >= {before:DateTime64(3, 'UTC')}
        ) AS usage
        GROUP BY {by:columns}, of_app, of_provider, of_model, currency
    )
)
GROUP BY {by:columns}, currency
HAVING max(in_period)
ORDER BY cost DESC NULLS LAST, calls DESC, {by:columns}, currency
LIMIT {top:UInt64}
