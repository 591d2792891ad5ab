-- One row per finding of a judgement, without a word of any text.
CREATE TABLE IF NOT EXISTS {database}.safety_events {cluster}
(
    app              LowCardinality(String) COMMENT 'org#app',
    at               DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when the message came, was decided on, or was answered',
    id               UUID COMMENT 'derived from the judgement and the number: the same again when the same is told twice',
    place            LowCardinality(String) COMMENT 'callback, guard (the message again, when it is decided on) or answer',
    direction        LowCardinality(String) COMMENT 'input or output',
    message          String CODEC(ZSTD(1)) COMMENT 'that was judged, or that opened the turn which was answered',
    turn             Nullable(UUID) COMMENT 'of the answer',
    chat_kind        LowCardinality(String),
    conversation     String CODEC(ZSTD(1)) COMMENT 'pseudonym',
    sender           String CODEC(ZSTD(1)) COMMENT 'pseudonym of who wrote or was answered, empty if unknown',
    number           UInt16 COMMENT 'of the finding within its judgement, from 0',
    left_off         UInt32 COMMENT 'findings of the judgement beyond those that have rows',
    rule             LowCardinality(String),
    category         LowCardinality(String) COMMENT 'of the rule, empty without one',
    severity         UInt8,
    action           LowCardinality(String) COMMENT 'of the rule; one in shadow has no effect',
    shadow           Bool,
    views            Array(LowCardinality(String)) COMMENT 'through which the word was seen, empty when it stood there as it is',
    text             UInt16 COMMENT 'which of the judged texts, from 0',
    spans            Array(Tuple(UInt32, UInt32)) COMMENT 'first places in the text: code points, start and end',
    places           UInt32 COMMENT 'all places in the text',
    dictionary       LowCardinality(String) COMMENT 'version that judged',
    source_topic     LowCardinality(String),
    source_partition Int32 CODEC(ZSTD(1)),
    source_offset    Int64 CODEC(Delta, ZSTD(1)),
    builder          UInt8 COMMENT 'version of the code that made the row',
    inserted_at      DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    INDEX by_message message TYPE bloom_filter GRANULARITY 4
)
ENGINE = {engine}
PARTITION BY toYYYYMM(at)
PRIMARY KEY (app, toStartOfHour(at), rule)
ORDER BY (app, toStartOfHour(at), rule, at, id)
TTL toDateTime(at) + INTERVAL {retention.safety_events} DAY
SETTINGS {window}, ttl_only_drop_parts = 1
