SELECT
    toStartOfHour(toTimeZone(facts.minute, {zone:String})) AS hour,
    toDate(facts.minute, {zone:String}) AS day,
    toStartOfMonth(facts.minute, {zone:String}) AS month,
    facts.app AS app, facts.provider AS provider, facts.model AS model, facts.target AS target, facts.kind AS kind, facts.tier AS tier,
    facts.calls AS answered,
    facts.duration AS duration,
    facts.first_token AS first_token
FROM usage_minute AS facts
WHERE facts.minute >= {since:DateTime64(3, 'UTC')} AND facts.minute < {to:DateTime64(3, 'UTC')}
    AND facts.error = ''
    AND ({app:String} = '' OR facts.app = {app:String})
    AND ({provider:String} = '' OR facts.provider = {provider:String})
    AND ({model:String} = '' OR facts.model = {model:String})
    AND ({target:String} = '' OR facts.target = {target:String})
    AND ({kind:String} = '' OR facts.kind = {kind:String})
    AND ({tier:String} = '' OR facts.tier = {tier:String})
