-- Adds ids of requests to whereabouts.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.whereabouts_of_requests {cluster}
TO {database}.whereabouts AS
SELECT
    cityHash64(id.2) AS id_hash,
    id.1 AS kind,
    app,
    toStartOfHour(at) AS hour
FROM {database}.requests AS facts
ARRAY JOIN [('request', ifNull(toString(request), ''))] AS id
WHERE id.2 != ''
