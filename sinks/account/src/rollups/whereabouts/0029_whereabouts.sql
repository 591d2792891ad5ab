-- In which hour of which app the rows of an id are, so that one message or call is found without reading a month.
CREATE TABLE IF NOT EXISTS {database}.whereabouts {cluster}
(
    id_hash UInt64 COMMENT 'cityHash64 of the id as text: of a message, turn, request, answer, or Easemob''s of a sent part',
    kind    LowCardinality(String) COMMENT 'message, turn, request, answer or easemob_id',
    app     LowCardinality(String) COMMENT 'org#app',
    hour    DateTime('UTC') CODEC(ZSTD(1)) COMMENT 'of the row that names it'
)
ENGINE = {engine}
PARTITION BY toYYYYMM(hour)
ORDER BY id_hash
TTL hour + INTERVAL {retention.whereabouts} DAY
SETTINGS {window}, ttl_only_drop_parts = 1, index_granularity = 1024
