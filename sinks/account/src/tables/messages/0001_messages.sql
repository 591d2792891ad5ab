-- One row per message that was decided on.
CREATE TABLE IF NOT EXISTS {database}.messages {cluster}
(
    app              LowCardinality(String) COMMENT 'org#app',
    at               DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when it was decided, by the log',
    message          String CODEC(ZSTD(1)) COMMENT 'app, event kind and the vendor''s id',
    chat_kind        LowCardinality(String),
    conversation     String CODEC(ZSTD(1)) COMMENT 'pseudonym',
    sender           String CODEC(ZSTD(1)) COMMENT 'pseudonym, empty if unknown',
    input            LowCardinality(String) COMMENT 'message, or missed: delivered without a verdict',
    kind             LowCardinality(String) COMMENT 'kind of content, empty if unknown',
    characters       UInt32,
    ruling           LowCardinality(String),
    reasons          Array(LowCardinality(String)),
    action           LowCardinality(String) COMMENT 'of the verdict, empty without one',
    rules            Array(LowCardinality(String)) COMMENT 'rules of the verdict',
    dictionary       LowCardinality(String),
    reply            LowCardinality(String) COMMENT 'what the callback was told',
    turn             Nullable(UUID),
    merged           UInt32 COMMENT 'messages that the turn answers, when this one opened it',
    route            LowCardinality(String) COMMENT 'rule that chose the targets',
    bundle           LowCardinality(String),
    sent_at          Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)) COMMENT 'by the sender''s client',
    received_at      Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    queue_ms         Nullable(Int64) CODEC(ZSTD(1)) COMMENT 'from its callback to its decision',
    source_topic     LowCardinality(String),
    source_partition Int32 CODEC(ZSTD(1)),
    source_offset    Int64 CODEC(Delta, ZSTD(1)),
    builder          UInt8 COMMENT 'version of the code that made the row',
    inserted_at      DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    INDEX by_sender sender TYPE bloom_filter GRANULARITY 4,
    INDEX by_message message TYPE bloom_filter GRANULARITY 4
)
ENGINE = {engine}
PARTITION BY toYYYYMM(at)
PRIMARY KEY (app, toStartOfHour(at), conversation)
ORDER BY (app, toStartOfHour(at), conversation, at, message)
TTL toDateTime(at) + INTERVAL {retention.messages} DAY
SETTINGS {window}, ttl_only_drop_parts = 1
