-- One row per part of an answer that was sent, or could not be.
CREATE TABLE IF NOT EXISTS {database}.replies {cluster}
(
    app              LowCardinality(String) COMMENT 'org#app',
    at               DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when its last send ended',
    answer           UUID,
    turn             UUID,
    message          String CODEC(ZSTD(1)) COMMENT 'that opened the turn',
    chat_kind        LowCardinality(String),
    conversation     String CODEC(ZSTD(1)) COMMENT 'pseudonym',
    bot              LowCardinality(String),
    part             UInt16 COMMENT 'from 1',
    parts            UInt16,
    characters       UInt32,
    result           LowCardinality(String),
    reason           LowCardinality(String) COMMENT 'why it was not sent',
    easemob_id       String CODEC(ZSTD(1)) COMMENT 'the vendor''s id of the sent message',
    attempts         UInt16 COMMENT 'calls of the vendor',
    rerun            Bool COMMENT 'it may have been sent before',
    decided_at       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when it was let out, by the log',
    started_at       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when the first call started',
    delivery_ms      Int64 CODEC(ZSTD(1)) COMMENT 'from decided to ended',
    source_topic     LowCardinality(String),
    source_partition Int32 CODEC(ZSTD(1)),
    source_offset    Int64 CODEC(Delta, ZSTD(1)),
    builder          UInt8 COMMENT 'version of the code that made the row',
    inserted_at      DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    INDEX by_turn turn TYPE bloom_filter GRANULARITY 4
)
ENGINE = {engine}
PARTITION BY toYYYYMM(at)
PRIMARY KEY (app, toStartOfHour(at), conversation)
ORDER BY (app, toStartOfHour(at), conversation, at, answer)
TTL toDateTime(at) + INTERVAL {retention.replies} DAY
SETTINGS {window}, ttl_only_drop_parts = 1
