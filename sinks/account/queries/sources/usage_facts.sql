SELECT
    facts.at AS moment,
    toStartOfHour(toTimeZone(facts.at, {zone:String})) AS hour,
    toDate(facts.at, {zone:String}) AS day,
    toStartOfMonth(facts.at, {zone:String}) AS month,
    facts.app AS app, facts.provider AS provider, facts.model AS model, facts.target AS target, facts.kind AS kind, facts.tier AS tier,
    facts.error AS error, facts.billing AS billing, facts.currency AS currency, facts.region AS region, facts.chat_kind AS chat_kind,
    facts.rule AS rule, facts.class AS class, arrayStringConcat(facts.arms, ' ') AS arm, facts.user AS user,
    toInt64(facts.calls) AS calls,
    toInt64(facts.calls = 1 AND facts.attempt > 1) AS retries,
    ifNull(facts.tokens_input, 0) AS input,
    ifNull(facts.tokens_cached, 0) AS cached,
    ifNull(facts.tokens_cache_write_5m, 0) AS written_5m,
    ifNull(facts.tokens_cache_write_1h, 0) AS written_1h,
    ifNull(facts.tokens_output, 0) AS output,
    ifNull(facts.tokens_reasoning, 0) AS reasoning,
    toInt64(facts.usage_source = 'estimated') AS estimated,
    ifNull(facts.cost, toDecimal128(0, 12)) AS cost
FROM model_calls AS facts
WHERE facts.at >= {since:DateTime64(3, 'UTC')} AND facts.at < {to:DateTime64(3, 'UTC')}
    AND ({app:String} = '' OR facts.app = {app:String})
    AND ({provider:String} = '' OR facts.provider = {provider:String})
    AND ({model:String} = '' OR facts.model = {model:String})
    AND ({target:String} = '' OR facts.target = {target:String})
    AND ({kind:String} = '' OR facts.kind = {kind:String})
    AND ({tier:String} = '' OR facts.tier = {tier:String})
    AND ({error:String} = '' OR facts.error = {error:String})
    AND ({region:String} = '' OR facts.region = {region:String})
    AND ({chat_kind:String} = '' OR facts.chat_kind = {chat_kind:String})
    AND ({rule:String} = '' OR facts.rule = {rule:String})
    AND ({class:String} = '' OR facts.class = {class:String})
    AND ({user:String} = '' OR facts.user = {user:String})
    AND ({arm:String} = '' OR arrayStringConcat(facts.arms, ' ') = {arm:String})
