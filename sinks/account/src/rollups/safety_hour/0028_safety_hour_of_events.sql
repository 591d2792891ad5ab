-- Fills safety_hour.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.safety_hour_of_events {cluster}
TO {database}.safety_hour AS
SELECT
    app,
    toStartOfHour(at) AS hour,
    category,
    rule,
    direction,
    place,
    action,
    shadow,
    count() AS hits,
    sum(toInt64(places)) AS spots,
    uniqExactState(sender) AS users,
    uniqExactState(conversation) AS conversations
FROM {database}.safety_events AS facts
GROUP BY app, hour, category, rule, direction, place, action, shadow
