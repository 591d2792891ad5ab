-- What providers' caches of prompts save, by whatever is asked for.
-- `hits` is the share of prompt tokens that were read from a cache, in percent; `written` are tokens put there. `saved` is what the cached
-- tokens would have cost beyond their price, less what writing cost beyond an ordinary prompt, at the prices that the configuration file
-- has now for the target, those of the whole day and of short prompts. Where it has none, `saved` is empty.
-- @by columns(app,provider,model,target,kind,tier,rule,class,arm,error,region,chat_kind,user,hour,day,month) [app,provider,model] what is told apart
-- @app text [] only this app (org#app); empty means all
-- @provider text [] only this provider; empty means all
-- @model text [] only this model; empty means all
-- @tier text [] only this tier; empty means all
-- @rule text [] only this rule of routes; empty means all
-- @arm text [] only these arms, such as style=short; empty means all
-- @user user [] only this user, a pseudonym or, with app, an id; empty means all
-- @from time [30d] calls that started at or after this moment
-- @to time [tomorrow] calls that started before this moment
-- @source word(auto,rollup,facts) [auto] where it is read from: the cheapest that carries it, a rollup, or the facts
-- @top count [100] lines at most, the largest first
SELECT
    {by:columns},
    price.currency AS currency,
    sum(usage.calls) AS calls,
    sum(usage.input) AS input,
    sum(usage.cached) AS cached,
    sum(usage.written_5m + usage.written_1h) AS written,
    round(100 * sum(usage.cached) / nullIf(sum(usage.input), 0), 1) AS hits,
    if(price.currency = '', NULL, toDecimal128(sum(
        toInt128(usage.cached) * (price.input - price.cached)
        - toInt128(usage.written_5m) * (price.written_5m - price.input)
        - toInt128(usage.written_1h) * (price.written_1h - price.input)), 12) / 1000000000000) AS saved
FROM {usage} AS usage
LEFT JOIN {prices} AS price ON price.target = usage.target
GROUP BY {by:columns}, price.currency
ORDER BY input DESC, {by:columns}
LIMIT {top:UInt64}
