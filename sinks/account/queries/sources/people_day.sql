SELECT
    toDateTime(facts.day, 'UTC') AS moment,
    facts.app AS app, facts.user AS user, facts.tier AS tier, facts.currency AS currency,
    facts.calls AS calls,
    facts.tokens_input AS input,
    facts.tokens_output AS output,
    facts.cost AS cost
FROM user_day AS facts
WHERE facts.day >= toDate({since:DateTime64(3, 'UTC')}) AND facts.day < toDate({to:DateTime64(3, 'UTC')})
    AND ({app:String} = '' OR facts.app = {app:String})
    AND ({user:String} = '' OR facts.user = {user:String})
    AND ({tier:String} = '' OR facts.tier = {tier:String})
