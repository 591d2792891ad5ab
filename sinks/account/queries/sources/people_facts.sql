SELECT
    facts.at AS moment,
    facts.app AS app, facts.user AS user, facts.conversation AS conversation, facts.tier AS tier, facts.currency AS currency,
    toInt64(facts.calls) AS calls,
    ifNull(facts.tokens_input, 0) AS input,
    ifNull(facts.tokens_output, 0) AS output,
    ifNull(facts.cost, toDecimal128(0, 12)) AS cost
FROM model_calls AS facts
WHERE facts.at >= {since:DateTime64(3, 'UTC')} AND facts.at < {to:DateTime64(3, 'UTC')}
    AND ({app:String} = '' OR facts.app = {app:String})
    AND ({user:String} = '' OR facts.user = {user:String})
    AND ({tier:String} = '' OR facts.tier = {tier:String})
