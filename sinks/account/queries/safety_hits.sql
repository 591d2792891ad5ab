-- Hits of the filter by app, rule, category, direction and place.
-- A place is who judged: `callback` (before delivery), `guard` (the same message again, when it is decided on) or `answer`. So one message
-- counts at each place that judged it; compare places, do not add them. `hits` are findings: one rule in one text through the same views;
-- `spots` are the places in the texts; `shadow` counts the hits that had no effect. `left_off` counts findings that have no row, of
-- judgements with more than 32; they stand on the line of the rule that such a judgement names first.
-- @app text [] only this app (org#app); empty means all
-- @rule text [] only this rule; empty means all
-- @category text [] only this category; empty means all
-- @direction text [] only input or only output; empty means both
-- @place text [] only callback, guard or answer; empty means all
-- @from time [1970-01-01] hits from this moment on
-- @to time [2100-01-01] hits before this moment
SELECT
    app,
    rule,
    category,
    direction,
    place,
    uniqExact(id) AS hits,
    uniqExactIf(id, shadow) AS shadow_hits,
    sum(spots_of_hit) AS spots,
    uniqExact(message) AS messages,
    uniqExact(conversation) AS conversations,
    max(severity_of_hit) AS severity,
    arraySort(groupUniqArray(action)) AS actions,
    sum(behind) AS left_off
FROM
(
    SELECT
        app, rule, category, direction, place, id, shadow, message, conversation, action,
        severity AS severity_of_hit,
        places AS spots_of_hit,
        if(number = 0, left_off, 0) AS behind
    FROM safety_events
    WHERE ({app:String} = '' OR app = {app:String})
        AND ({rule:String} = '' OR rule = {rule:String})
        AND ({category:String} = '' OR category = {category:String})
        AND ({direction:String} = '' OR direction = {direction:String})
        AND ({place:String} = '' OR place = {place:String})
        AND at >= {from:DateTime64(3, 'UTC')}
        AND at < {to:DateTime64(3, 'UTC')}
    LIMIT 1 BY id
)
GROUP BY app, rule, category, direction, place
ORDER BY app, hits DESC, rule, category, direction, place
