-- Adds ids of messages to whereabouts.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.whereabouts_of_messages {cluster}
TO {database}.whereabouts AS
SELECT
    cityHash64(id.2) AS id_hash,
    id.1 AS kind,
    app,
    toStartOfHour(at) AS hour
FROM {database}.messages AS facts
ARRAY JOIN [('message', message), ('turn', ifNull(toString(turn), ''))] AS id
WHERE id.2 != ''
