-- In which hour of which app the rows of an id are: of a message, turn, request, answer, or Easemob's id of a part that was sent. Reads a few
-- thousand rows, however many there are. Facts are sorted by app and hour: a query that names both reads little.
-- @id text [] the id, such as org#app/chat/1501234567890123456 or a UUID
SELECT kind, app, min(hour) AS first_hour, max(hour) AS last_hour, count() AS rows
FROM whereabouts
WHERE id_hash = cityHash64({id:String})
GROUP BY kind, app
ORDER BY kind, app
