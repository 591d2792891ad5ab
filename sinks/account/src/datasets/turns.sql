WITH
    fromUnixTimestamp64Milli({from:Int64}, 'UTC') AS begin,
    fromUnixTimestamp64Milli({to:Int64}, 'UTC') AS end
SELECT
    asked.app AS app,
    asked.conversation AS conversation,
    asked.turn AS turn,
    asked.message AS message,
    asked.partition AS partition,
    asked.at_ms AS at,
    if(asked.route = '', of_message.route, asked.route) AS route,
    asked.target AS target,
    if(asked.class = '', of_message.class, asked.class) AS class,
    if(asked.tier = '', of_message.tier, asked.tier) AS tier,
    of_message.action AS action,
    asked.latency_ms AS latency_ms,
    arrayMap(part -> (part.1, toString(part.2)), of_calls.parts) AS cost,
    of_feedback.rating AS rating
FROM
(
    SELECT
        toString(any(facts.app)) AS app, any(facts.conversation) AS conversation, toString(assumeNotNull(facts.turn)) AS turn,
        any(facts.message) AS message, any(facts.source_partition) AS partition,
        min(toUnixTimestamp64Milli(facts.at) - ifNull(facts.took_ms, 0)) AS at_ms,
        toString(argMax(facts.rule, facts.at)) AS route, toString(argMax(facts.target, facts.at)) AS target,
        toString(argMax(facts.class, facts.at)) AS class, toString(argMax(facts.tier, facts.at)) AS tier,
        max(facts.took_ms) AS latency_ms, toString(argMax(facts.outcome, facts.at)) AS outcome, 'turn' AS what
    FROM requests AS facts
    WHERE facts.at >= begin AND facts.at < end + INTERVAL 1 HOUR AND facts.kind = 'answer' AND isNotNull(facts.turn)
        AND ({app:String} = '' OR facts.app = {app:String})
    GROUP BY facts.turn
    UNION ALL
    SELECT
        toString(facts.app), facts.conversation, '', facts.message, facts.source_partition, toUnixTimestamp64Milli(facts.at), '', '', '', '',
        CAST(NULL AS Nullable(Int64)), '', 'blocked'
    FROM messages AS facts
    WHERE facts.at >= begin AND facts.at < end AND facts.ruling = 'blocked' AND isNull(facts.turn)
        AND ({app:String} = '' OR facts.app = {app:String})
) AS asked
LEFT JOIN
(
    SELECT
        facts.message AS of, toString(any(facts.route)) AS route, toString(any(facts.class)) AS class, toString(any(facts.tier)) AS tier,
        toString(any(facts.action)) AS action
    FROM messages AS facts
    WHERE facts.at >= begin - INTERVAL 1 DAY AND facts.at < end AND ({app:String} = '' OR facts.app = {app:String})
    GROUP BY facts.message
) AS of_message ON of_message.of = asked.message
LEFT JOIN
(
    SELECT toString(sums.turn) AS of, groupArray((sums.currency, sums.amount)) AS parts, max(sums.amount) AS most
    FROM
    (
        SELECT facts.turn AS turn, toString(facts.currency) AS currency, sum(assumeNotNull(facts.cost)) AS amount
        FROM model_calls AS facts
        WHERE facts.at >= begin - INTERVAL 1 DAY AND facts.at < end + INTERVAL 1 HOUR AND isNotNull(facts.cost)
            AND ({app:String} = '' OR facts.app = {app:String})
        GROUP BY facts.turn, facts.currency
    ) AS sums
    GROUP BY sums.turn
) AS of_calls ON of_calls.of = asked.turn
LEFT JOIN
(
    SELECT toString(assumeNotNull(facts.turn)) AS of, argMax(facts.rating, facts.at) AS rating
    FROM feedback AS facts
    WHERE facts.at >= begin AND isNotNull(facts.turn) AND isNotNull(facts.rating) AND ({app:String} = '' OR facts.app = {app:String})
    GROUP BY facts.turn
) AS of_feedback ON of_feedback.of = asked.turn
LEFT JOIN
(
    SELECT
        facts.message AS of, groupUniqArray(toString(facts.rule)) AS rules, max(facts.action IN ('replace', 'hold', 'block')) AS is_stopped
    FROM safety_events AS facts
    WHERE facts.at >= begin - INTERVAL 1 DAY AND facts.at < end + INTERVAL 1 HOUR AND NOT facts.shadow
        AND ({app:String} = '' OR facts.app = {app:String})
    GROUP BY facts.message
) AS of_filter ON of_filter.of = asked.message
WHERE asked.at_ms >= {from:Int64} AND asked.at_ms < {to:Int64} AND ({holds})
ORDER BY {order}, cityHash64(asked.turn, asked.message, {seed:UInt64}), asked.turn, asked.message
LIMIT {limit:UInt64}
