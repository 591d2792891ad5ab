SELECT
    toStartOfHour(toTimeZone(facts.{grain}, {zone:String})) AS hour,
    toDate(facts.{grain}, {zone:String}) AS day,
    toStartOfMonth(facts.{grain}, {zone:String}) AS month,
    facts.app AS app, facts.provider AS provider, facts.model AS model, facts.target AS target, facts.kind AS kind, facts.tier AS tier,
    facts.region AS region, facts.chat_kind AS chat_kind, facts.rule AS rule, facts.class AS class, -- hour
    facts.calls AS answered,
    facts.duration AS duration,
    facts.first_token AS first_token
FROM usage_{grain} AS facts
WHERE facts.{grain} >= {since:DateTime64(3, 'UTC')} AND facts.{grain} < {to:DateTime64(3, 'UTC')}
    AND facts.error = ''
    AND ({app:String} = '' OR facts.app = {app:String})
    AND ({provider:String} = '' OR facts.provider = {provider:String})
    AND ({model:String} = '' OR facts.model = {model:String})
    AND ({target:String} = '' OR facts.target = {target:String})
    AND ({kind:String} = '' OR facts.kind = {kind:String})
    AND ({tier:String} = '' OR facts.tier = {tier:String})
    AND ({region:String} = '' OR facts.region = {region:String}) -- hour
    AND ({chat_kind:String} = '' OR facts.chat_kind = {chat_kind:String}) -- hour
    AND ({rule:String} = '' OR facts.rule = {rule:String}) -- hour
    AND ({class:String} = '' OR facts.class = {class:String}) -- hour
