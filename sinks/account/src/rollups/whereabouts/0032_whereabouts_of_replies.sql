-- Adds ids of replies to whereabouts.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.whereabouts_of_replies {cluster}
TO {database}.whereabouts AS
SELECT
    cityHash64(id.2) AS id_hash,
    id.1 AS kind,
    app,
    toStartOfHour(at) AS hour
FROM {database}.replies AS facts
ARRAY JOIN [('answer', toString(answer)), ('easemob_id', easemob_id)] AS id
WHERE id.2 != ''
