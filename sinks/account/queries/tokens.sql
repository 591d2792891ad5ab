-- What calls took and gave in tokens, by whatever is asked for, with the change against the period before, which is as long.
-- `input` are whole prompts: `cached` is the part that providers read from their caches, `written` what they put there. `output` are
-- whole completions, `reasoning` a part of them. `estimated` counts calls whose tokens nobody told, so that they were counted here.
-- `total` is input and output, `before` that of the period before, `change` the difference in percent.
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
    sumIf(usage.calls, is_now) AS calls,
    sumIf(usage.input, is_now) AS input,
    sumIf(usage.cached, is_now) AS cached,
    sumIf(usage.written_5m + usage.written_1h, is_now) AS written,
    sumIf(usage.output, is_now) AS output,
    sumIf(usage.reasoning, is_now) AS reasoning,
    sumIf(usage.estimated, is_now) AS estimated,
    sumIf(usage.input + usage.output, is_now) AS total,
    sumIf(usage.input + usage.output, NOT is_now) AS before,
    round(100 * (toFloat64(total) - toFloat64(before)) / nullIf(toFloat64(before), 0), 1) AS change
FROM
(
    SELECT *, usage.moment >= {from:DateTime64(3, 'UTC')} AS is_now
    FROM {usage} AS usage
    WHERE usage.moment >= {before:DateTime64(3, 'UTC')}
) AS usage
GROUP BY {by:columns}
HAVING max(is_now)
ORDER BY total DESC, calls DESC, {by:columns}
LIMIT {top:UInt64}
