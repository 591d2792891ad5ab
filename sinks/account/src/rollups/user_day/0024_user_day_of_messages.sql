-- Adds messages to user_day.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.user_day_of_messages {cluster}
TO {database}.user_day AS
SELECT
    app,
    toDate(at) AS day,
    sender AS user,
    tier,
    count() AS messages,
    countIf(ruling IN ('asked', 'held')) AS asked,
    countIf(ruling = 'blocked') AS blocked
FROM {database}.messages AS facts
GROUP BY app, day, user, tier
