-- What rollups hold beside the facts that they are made of: one line per rollup and measure. Both columns are the same at every moment after
-- a block was stored; where they differ, `huiyin rebuild --table` makes the rollup anew.
-- Facts and rollups are kept for different times: name a range that both have, in whole days.
-- @app text [] only this app (org#app); empty means all
-- @from time [1970-01-01] from this moment on
-- @to time [2100-01-01] before this moment
SELECT name AS table, measure, max(facts) AS facts, max(rolled_up) AS rolled_up
FROM
(
{measures}
)
GROUP BY name, measure
ORDER BY name, measure
