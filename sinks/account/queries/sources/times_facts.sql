SELECT
    toStartOfHour(toTimeZone(facts.at, {zone:String})) AS hour,
    toDate(facts.at, {zone:String}) AS day,
    toStartOfMonth(facts.at, {zone:String}) AS month,
    facts.app AS app, facts.provider AS provider, facts.model AS model, facts.target AS target, facts.kind AS kind, facts.tier AS tier, facts.region AS region, facts.chat_kind AS chat_kind, facts.rule AS rule, facts.class AS class,
    countIf(facts.calls = 1 AND facts.error = '') AS answered,
    quantilesDDStateIf(0.01, 0.5, 0.95, 0.99)(facts.duration_ms, facts.calls = 1 AND facts.error = '') AS duration,
    quantilesDDStateIf(0.01, 0.5, 0.95, 0.99)(
        assumeNotNull(facts.time_to_first_token_ms), facts.error = '' AND isNotNull(facts.time_to_first_token_ms)) AS first_token
FROM model_calls AS facts
WHERE facts.at >= {since:DateTime64(3, 'UTC')} AND facts.at < {to:DateTime64(3, 'UTC')}
    AND ({app:String} = '' OR facts.app = {app:String})
    AND ({provider:String} = '' OR facts.provider = {provider:String})
    AND ({model:String} = '' OR facts.model = {model:String})
    AND ({target:String} = '' OR facts.target = {target:String})
    AND ({kind:String} = '' OR facts.kind = {kind:String})
    AND ({tier:String} = '' OR facts.tier = {tier:String})
    AND ({region:String} = '' OR facts.region = {region:String})
    AND ({chat_kind:String} = '' OR facts.chat_kind = {chat_kind:String})
    AND ({rule:String} = '' OR facts.rule = {rule:String})
    AND ({class:String} = '' OR facts.class = {class:String})
GROUP BY hour, day, month, app, provider, model, target, kind, tier, region, chat_kind, rule, class
