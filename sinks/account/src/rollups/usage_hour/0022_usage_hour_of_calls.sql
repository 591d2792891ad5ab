-- Fills usage_hour.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.usage_hour_of_calls {cluster}
TO {database}.usage_hour AS
SELECT
    app,
    toStartOfHour(at) AS hour,
    provider,
    model,
    target,
    kind,
    tier,
    error,
    billing,
    currency,
    region,
    chat_kind,
    rule,
    class,
    arms,
    sum(toInt64(facts.calls)) AS calls,
    sum(toInt64(facts.calls = 1 AND attempt > 1)) AS retries,
    sum(ifNull(facts.tokens_input, 0)) AS tokens_input,
    sum(ifNull(facts.tokens_cached, 0)) AS tokens_cached,
    sum(ifNull(facts.tokens_cache_write_5m, 0)) AS tokens_cache_write_5m,
    sum(ifNull(facts.tokens_cache_write_1h, 0)) AS tokens_cache_write_1h,
    sum(ifNull(facts.tokens_output, 0)) AS tokens_output,
    sum(ifNull(facts.tokens_reasoning, 0)) AS tokens_reasoning,
    sum(toInt64(usage_source = 'estimated')) AS estimated,
    sum(ifNull(facts.cost, toDecimal128(0, 12))) AS cost,
    quantilesDDStateIf(0.01, 0.5, 0.95, 0.99)(duration_ms, facts.calls = 1 AND error = '') AS duration,
    quantilesDDStateIf(0.01, 0.5, 0.95, 0.99)(
        assumeNotNull(time_to_first_token_ms), error = '' AND isNotNull(time_to_first_token_ms)) AS first_token
FROM {database}.model_calls AS facts
GROUP BY app, hour, provider, model, target, kind, tier, error, billing, currency, region, chat_kind, rule, class, arms
