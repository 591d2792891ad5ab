-- One row per signal of what people think of an answer.
CREATE TABLE IF NOT EXISTS {database}.feedback {cluster}
(
    app              LowCardinality(String) COMMENT 'org#app',
    at               DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when it was given',
    id               String CODEC(ZSTD(1)) COMMENT 'what is told twice has the same',
    kind             LowCardinality(String) COMMENT 'rating, remark or reaction',
    origin           LowCardinality(String) COMMENT 'command (in the chat), source (signed, from outside) or chat (an emoji)',
    rating           Nullable(UInt8) COMMENT '1 to 5; null without one',
    reaction         LowCardinality(String) COMMENT 'Easemob''s name of the emoji',
    put              Bool COMMENT 'false when an emoji was taken off again',
    characters       UInt32 COMMENT 'of the remark, which is not kept here',
    turn             Nullable(UUID) COMMENT 'that is rated, where it is known',
    message          String CODEC(ZSTD(1)) COMMENT 'the command, empty otherwise',
    easemob_id       String CODEC(ZSTD(1)) COMMENT 'the vendor''s id of the message that is meant, empty if none is',
    chat_kind        LowCardinality(String),
    conversation     String CODEC(ZSTD(1)) COMMENT 'pseudonym',
    user             String CODEC(ZSTD(1)) COMMENT 'pseudonym, empty if unknown',
    source_topic     LowCardinality(String),
    source_partition Int32 CODEC(ZSTD(1)),
    source_offset    Int64 CODEC(Delta, ZSTD(1)),
    builder          UInt8 COMMENT 'version of the code that made the row',
    inserted_at      DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    INDEX by_easemob_id easemob_id TYPE bloom_filter GRANULARITY 4
)
ENGINE = {engine}
PARTITION BY toYYYYMM(at)
PRIMARY KEY (app, toStartOfHour(at), kind)
ORDER BY (app, toStartOfHour(at), kind, at, id)
TTL toDateTime(at) + INTERVAL {retention.feedback} DAY
SETTINGS {window}, ttl_only_drop_parts = 1
