-- What is to be booked: per app, day, model and currency, with the price that was applied, corrections on lines of their own.
-- `price` is the id of the row of the price table: provider, model, region and the moment from which it holds. `entry` is `calls`, or the run
-- that corrected; a correction stands on the day of its calls. Calls without an amount have an empty currency: `unpriced` and `uncertain` say
-- how many of a line may be billed all the same.
-- @app text [] only this app (org#app); empty means all
-- @from time [30d] calls that started at or after this moment
-- @to time [tomorrow] calls that started before this moment
SELECT
    facts.app AS app,
    toDate(facts.at, {zone:String}) AS day,
    facts.provider AS provider,
    facts.model AS model,
    facts.currency AS currency,
    facts.price AS price,
    if(facts.correction = '', 'calls', toString(facts.correction)) AS entry,
    sum(toInt64(facts.calls)) AS calls,
    sum(ifNull(facts.tokens_input, 0)) AS input,
    sum(ifNull(facts.tokens_cached, 0)) AS cached,
    sum(ifNull(facts.tokens_output, 0)) AS output,
    countIf(facts.billing = 'unpriced') AS unpriced,
    countIf(facts.billing = 'uncertain') AS uncertain,
    sum(facts.cost) AS amount
FROM model_calls AS facts
WHERE facts.at >= {from:DateTime64(3, 'UTC')} AND facts.at < {to:DateTime64(3, 'UTC')}
    AND ({app:String} = '' OR facts.app = {app:String})
GROUP BY app, day, provider, model, currency, price, entry
ORDER BY app, day, provider, model, currency, entry != 'calls', price, entry
