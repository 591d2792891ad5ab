-- How calls end that fail: by class, how many they are and what they cost, and how many calls are repeats.
-- `share` is that of the class among the calls of its line's group, in percent. `retries` are calls behind the first of their request: at
-- the same target again, at the next one, or beside a slow one. `cost` of an error is money for no answer: what retries cost. The line
-- `-` has the calls that answered.
-- @by columns(app,provider,model,target,kind,tier,rule,class,arm,region,chat_kind,user,hour,day,month) [app,provider,model] what is told apart
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
    class_of_error AS error,
    calls_of_class AS calls,
    round(100 * calls_of_class / nullIf(sum(calls_of_class) OVER (PARTITION BY {by:columns}), 0), 2) AS share,
    retries_of_class AS retries,
    currency,
    cost_of_class AS cost
FROM
(
    SELECT
        {by:columns},
        if(usage.error = '', '-', usage.error) AS class_of_error,
        currency,
        sum(usage.calls) AS calls_of_class,
        sum(usage.retries) AS retries_of_class,
        if(currency = '', NULL, sum(usage.cost)) AS cost_of_class
    FROM {usage} AS usage
    GROUP BY {by:columns}, class_of_error, currency
)
ORDER BY {by:columns}, calls DESC, error, currency
LIMIT {top:UInt64}
