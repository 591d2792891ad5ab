-- What a provider should bill: by day, model, key and currency, corrections apart.
-- `cost` is what the calls cost by the prices that were applied to them, without corrections, which no provider knows of; `uncertain` counts
-- calls that may be billed and are in no amount, `unpriced` those that are billed and have no price here. `key` is the number of the target's
-- key, 0 where it has one.
-- @provider text [] only this provider; empty means all
-- @targets text [] only these targets, separated by commas; empty means all
-- @days text [UTC] time zone of the days
-- @from time [30d] calls that started at or after this moment
-- @to time [tomorrow] calls that started before this moment
SELECT
    toDate(facts.at, {days:String}) AS day,
    facts.model AS model,
    ifNull(facts.key_number, 0) AS key,
    facts.currency AS currency,
    sum(toInt64(facts.calls)) AS calls,
    sum(facts.tokens_input) AS input,
    sum(facts.tokens_output) AS output,
    sum(facts.cost) AS cost,
    countIf(facts.billing = 'uncertain') AS uncertain,
    countIf(facts.billing = 'unpriced') AS unpriced
FROM model_calls AS facts
WHERE facts.at >= {from:DateTime64(3, 'UTC')} AND facts.at < {to:DateTime64(3, 'UTC')}
    AND ({provider:String} = '' OR facts.provider = {provider:String})
    AND ({targets:String} = '' OR has(splitByChar(',', {targets:String}), facts.target))
    AND facts.correction = ''
GROUP BY day, model, key, currency
ORDER BY day, model, key, currency
