-- Adds calls and their corrections to user_day.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.user_day_of_calls {cluster}
TO {database}.user_day AS
SELECT
    app,
    toDate(at) AS day,
    user,
    tier,
    currency,
    sum(toInt64(facts.calls)) AS calls,
    sum(ifNull(facts.tokens_input, 0)) AS tokens_input,
    sum(ifNull(facts.tokens_output, 0)) AS tokens_output,
    sum(ifNull(facts.cost, toDecimal128(0, 12))) AS cost
FROM {database}.model_calls AS facts
GROUP BY app, day, user, tier, currency
