-- Tokens, cost, calls, errors and latency by app, provider, model and currency.
-- Amounts of different currencies are never added: each has a line of its own. A call without cost stands on a line of
-- its model's currency. Every call is one of four: priced, and in `cost`; `unpriced`, made, and what it costs is not known;
-- `uncertain`, sent, and nobody saw how it ended, so that it may be billed; `free`, refused by its status before anything was
-- generated, or never sent. Corrections are in `cost` and are no calls. `written` is what was put into providers' caches; `estimated` counts calls
-- whose tokens nobody told, so that
-- they were counted here. `reruns` counts requests of which an earlier run may be billed as well and left no trace. Latency is
-- that of calls that answered, in milliseconds.
-- @app [] only this app (org#app); empty means all
-- @from [1970-01-01] calls that started at or after this moment, UTC, such as 2025-01-31 or 2025-01-31T08:00:00Z
-- @to [2100-01-01] calls that started before this moment, UTC
SELECT
    app,
    provider,
    model,
    currency_of_line AS currency,
    sum(counted) AS calls,
    countIf(error != '') AS errors,
    countIf(billing = 'unpriced') AS unpriced,
    countIf(billing = 'uncertain') AS uncertain,
    countIf(billing = 'free') AS free,
    uniqExactIf(request, rerun) AS reruns,
    sum(amount) AS cost,
    sum(tokens_input) AS input,
    sum(tokens_cached) AS cached,
    sum(tokens_cache_write_5m) + sum(tokens_cache_write_1h) AS written,
    sum(tokens_output) AS output,
    sum(tokens_reasoning) AS reasoning,
    countIf(usage_source = 'estimated') AS estimated,
    quantileExactIfOrNull(0.5)(duration_ms, counted = 1 AND error = '') AS p50_ms,
    quantileExactIfOrNull(0.95)(duration_ms, counted = 1 AND error = '') AS p95_ms,
    quantileExactIfOrNull(0.99)(duration_ms, counted = 1 AND error = '') AS p99_ms
FROM
(
    SELECT
        app, provider, model, request, error, billing, rerun, duration_ms, calls AS counted,
        tokens_input, tokens_cached, tokens_cache_write_5m, tokens_cache_write_1h, tokens_output, tokens_reasoning, usage_source,
        cost AS amount,
        if(currency = '', max(currency) OVER (PARTITION BY app, provider, model), currency) AS currency_of_line
    FROM model_calls
    WHERE ({app:String} = '' OR app = {app:String})
        AND at >= parseDateTime64BestEffort({from:String}, 3, 'UTC')
        AND at < parseDateTime64BestEffort({to:String}, 3, 'UTC')
)
GROUP BY app, provider, model, currency
ORDER BY app, provider, model, currency
