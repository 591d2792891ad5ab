-- Texts of messages and answers with their personal data masked, kept for days only. Filled where account.bodies says so.
CREATE TABLE IF NOT EXISTS {database}.bodies {cluster}
(
    app              LowCardinality(String) COMMENT 'org#app',
    at               DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when the message came, or the answer was made',
    message          String CODEC(ZSTD(1)) COMMENT 'the message, or the one that opened the answer''s turn',
    turn             Nullable(UUID) COMMENT 'of an answer',
    conversation     String CODEC(ZSTD(1)) COMMENT 'pseudonym',
    role             LowCardinality(String) COMMENT 'user or assistant',
    text             String CODEC(ZSTD(3)) COMMENT 'personal data masked; the first 16 KiB',
    characters       UInt32 COMMENT 'of the whole text',
    source_topic     LowCardinality(String),
    source_partition Int32 CODEC(ZSTD(1)),
    source_offset    Int64 CODEC(Delta, ZSTD(1)),
    builder          UInt8 COMMENT 'version of the code that made the row',
    inserted_at      DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1))
)
ENGINE = {engine}
PARTITION BY toYYYYMMDD(at)
PRIMARY KEY (app, toStartOfHour(at), message)
ORDER BY (app, toStartOfHour(at), message, at)
TTL toDateTime(at) + INTERVAL {retention.bodies} DAY
SETTINGS {window}, ttl_only_drop_parts = 1, index_granularity = 256
