-- Rows of each table: messages by ruling, model calls by the outcome of their request, replies by result.
-- `sources` counts the places in the log that the rows come from: where it is less than `rows`, a row is stored twice.
-- @app text [] only this app (org#app); empty means all
-- @from time [1970-01-01] rows from this moment on
-- @to time [2100-01-01] rows before this moment
SELECT name AS table, app, label, count() AS rows, uniqExact(source) AS sources
FROM
(
{tables}
)
WHERE ({app:String} = '' OR app = {app:String})
    AND at >= {from:DateTime64(3, 'UTC')}
    AND at < {to:DateTime64(3, 'UTC')}
GROUP BY name, app, label
ORDER BY name, app, label
