-- What to look through for false hits: rules by the views through which they hit, those with the most hits first.
-- A message that was judged at several places counts once. `view` is `-` where the word stood there as it is. `shadow_hits` had no effect.
-- Many conversations for one rule and view speak for a false hit, few for somebody who means it. `retracted` counts messages whose answer
-- was taken back. `samples` are ids of messages, up to five, to be looked up where their texts are kept.
-- @app text [] only this app (org#app); empty means all
-- @rule text [] only this rule; empty means all
-- @from time [1970-01-01] hits from this moment on
-- @to time [2100-01-01] hits before this moment
SELECT
    app,
    rule,
    category,
    direction,
    if(empty(views), '-', arrayStringConcat(views, ',')) AS view,
    count() AS hits,
    countIf(in_shadow) AS shadow_hits,
    uniqExact(place_of_message) AS conversations,
    countIf(message IN (SELECT message FROM replies WHERE result = 'retracted')) AS retracted,
    arraySlice(arraySort(groupUniqArray(message)), 1, 5) AS samples
FROM
(
    SELECT
        app, rule, category, direction, views, message,
        any(conversation) AS place_of_message,
        min(shadow) AS in_shadow
    FROM safety_events
    WHERE ({app:String} = '' OR app = {app:String})
        AND ({rule:String} = '' OR rule = {rule:String})
        AND at >= {from:DateTime64(3, 'UTC')}
        AND at < {to:DateTime64(3, 'UTC')}
    GROUP BY app, rule, category, direction, views, message
)
GROUP BY app, rule, category, direction, views
ORDER BY app, hits DESC, rule, direction, view
