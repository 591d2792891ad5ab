-- Adds ratings to user_day.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.user_day_of_feedback {cluster}
TO {database}.user_day AS
SELECT
    app,
    toDate(at) AS day,
    user,
    count() AS ratings,
    sum(toInt64(assumeNotNull(rating))) AS rating_sum
FROM {database}.feedback AS facts
WHERE isNotNull(rating)
GROUP BY app, day, user
