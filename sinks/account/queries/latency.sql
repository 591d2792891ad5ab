-- Where time goes: milliseconds of each step of the line, with percentiles, within 1 %.
-- Steps: `callback` from a message's callback to its place in the log; `decide` from there to the decision; `queue` from the decision
-- until the call step took it up; `pace` from then to the first call; `first_token` and `model` of calls that answered, from their start;
-- `answer` from the decision to the end of the request; `send` from an answer's decision to the end of its send.
-- @by columns(app,provider,model,target,hour,day,month) [app] what is told apart; provider, model and target are those of first_token and model
-- @step word(all,callback,decide,queue,pace,first_token,model,answer,send) [all] only this step
-- @app text [] only this app (org#app); empty means all
-- @model text [] of the steps first_token and model only this model; empty means all
-- @from time [30d] what began at or after this moment
-- @to time [tomorrow] what began before this moment
-- @source word(auto,rollup,facts) [auto] where calls are read from: the cheapest that carries it, a rollup, or the facts
-- @top count [1000] lines at most
SELECT {by:columns}, step, count, percentiles[1] AS p50, percentiles[2] AS p95, percentiles[3] AS p99
FROM
(
    SELECT {by:columns}, 'model' AS step, sum(times.answered) AS count, arrayMap(x -> round(x), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(times.duration)) AS percentiles
    FROM {times} AS times WHERE {step:String} IN ('all', 'model') GROUP BY {by:columns}
    UNION ALL
    SELECT {by:columns}, 'first_token', NULL, arrayMap(x -> round(x), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(times.first_token))
    FROM {times} AS times WHERE {step:String} IN ('all', 'first_token') GROUP BY {by:columns}
    UNION ALL
    SELECT {by:columns}, step, count(), arrayMap(x -> round(x), quantilesDD(0.01, 0.5, 0.95, 0.99)(toUInt64(ms)))
    FROM
    (
        SELECT
            app,
            toStartOfHour(toTimeZone(at, {zone:String})) AS hour,
            toDate(at, {zone:String}) AS day,
            toStartOfMonth(at, {zone:String}) AS month,
            '' AS provider, '' AS model, '' AS target,
            step,
            ms
        FROM
        (
            SELECT app, at, 'callback' AS step, queue_ms AS ms FROM messages WHERE {step:String} IN ('all', 'callback')
            UNION ALL SELECT app, at, 'decide', decide_ms FROM messages WHERE {step:String} IN ('all', 'decide')
            UNION ALL SELECT app, at, 'queue', waiting_ms FROM requests WHERE {step:String} IN ('all', 'queue')
            UNION ALL SELECT app, at, 'pace', pacing_ms FROM requests WHERE {step:String} IN ('all', 'pace')
            UNION ALL SELECT app, at, 'answer', took_ms FROM requests WHERE {step:String} IN ('all', 'answer') AND kind = 'answer'
            UNION ALL SELECT app, at, 'send', delivery_ms FROM replies WHERE {step:String} IN ('all', 'send') AND result = 'sent'
        )
        WHERE at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')}
            AND ({app:String} = '' OR app = {app:String})
            AND isNotNull(ms) AND ms >= 0
    )
    GROUP BY {by:columns}, step
)
WHERE NOT isNaN(percentiles[1])
ORDER BY {by:columns}, indexOf(['callback', 'decide', 'queue', 'pace', 'first_token', 'model', 'answer', 'send'], step)
LIMIT {top:UInt64}
