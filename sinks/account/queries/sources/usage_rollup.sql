SELECT
    facts.{grain} AS moment,
    toStartOfHour(toTimeZone(facts.{grain}, {zone:String})) AS hour,
    toDate(facts.{grain}, {zone:String}) AS day,
    toStartOfMonth(facts.{grain}, {zone:String}) AS month,
    facts.app AS app, facts.provider AS provider, facts.model AS model, facts.target AS target, facts.kind AS kind, facts.tier AS tier,
    facts.error AS error, facts.billing AS billing, facts.currency AS currency,
    facts.region AS region, facts.chat_kind AS chat_kind, facts.rule AS rule, facts.class AS class, -- hour
    arrayStringConcat(facts.arms, ' ') AS arm, -- hour
    facts.calls AS calls,
    facts.retries AS retries,
    facts.tokens_input AS input,
    facts.tokens_cached AS cached,
    facts.tokens_cache_write_5m AS written_5m,
    facts.tokens_cache_write_1h AS written_1h,
    facts.tokens_output AS output,
    facts.tokens_reasoning AS reasoning,
    facts.estimated AS estimated,
    facts.cost AS cost
FROM usage_{grain} AS facts
WHERE facts.{grain} >= {since:DateTime64(3, 'UTC')} AND facts.{grain} < {to:DateTime64(3, 'UTC')}
    AND ({app:String} = '' OR facts.app = {app:String})
    AND ({provider:String} = '' OR facts.provider = {provider:String})
    AND ({model:String} = '' OR facts.model = {model:String})
    AND ({target:String} = '' OR facts.target = {target:String})
    AND ({kind:String} = '' OR facts.kind = {kind:String})
    AND ({tier:String} = '' OR facts.tier = {tier:String})
    AND ({error:String} = '' OR facts.error = {error:String})
    AND ({region:String} = '' OR facts.region = {region:String}) -- hour
    AND ({chat_kind:String} = '' OR facts.chat_kind = {chat_kind:String}) -- hour
    AND ({rule:String} = '' OR facts.rule = {rule:String}) -- hour
    AND ({class:String} = '' OR facts.class = {class:String}) -- hour
    AND ({arm:String} = '' OR arrayStringConcat(facts.arms, ' ') = {arm:String}) -- hour
