-- One row per request that ended, with attempts or without.
CREATE TABLE IF NOT EXISTS {database}.requests {cluster}
(
    app              LowCardinality(String) COMMENT 'org#app',
    at               DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when it ended',
    request          Nullable(UUID) COMMENT 'null for a lost turn whose request never went out',
    kind             LowCardinality(String) COMMENT 'answer, review, answer_review or summary',
    turn             Nullable(UUID),
    message          String CODEC(ZSTD(1)) COMMENT 'that opened the turn',
    chat_kind        LowCardinality(String),
    conversation     String CODEC(ZSTD(1)) COMMENT 'pseudonym',
    user             String CODEC(ZSTD(1)) COMMENT 'pseudonym of the person who was answered, empty if unknown',
    outcome          LowCardinality(String) COMMENT 'done, reviewed, failed, expired, cancelled, dead; lost: its turn was given up by the safety timer',
    reason           LowCardinality(String) COMMENT 'why it ended so, empty where there is only one reason',
    level            LowCardinality(String) COMMENT 'what a reviewer said, empty without one',
    attempts         UInt16 COMMENT 'at models, 0 when none was made',
    target           LowCardinality(String) COMMENT 'that answered, empty when none did',
    truncated        Bool COMMENT 'the answer was cut at its cap',
    rerun            Bool COMMENT 'an earlier run may have left no trace',
    tier             LowCardinality(String) COMMENT 'of the person, empty without one',
    rule             LowCardinality(String) COMMENT 'that chose the targets, empty where an app has no routes and no experiments',
    class            LowCardinality(String) COMMENT 'of the complexity, empty where no rule asked',
    arms             Array(LowCardinality(String)) COMMENT 'arm of each experiment, experiment=arm',
    waiting_ms       Nullable(Int64) CODEC(ZSTD(1)) COMMENT 'from the decision to ask until call took it up',
    pacing_ms        Nullable(Int64) CODEC(ZSTD(1)) COMMENT 'from then to the first attempt; null without one',
    first_token_ms   Nullable(Int64) CODEC(ZSTD(1)) COMMENT 'from the decision to the first token of the answer; null when none came or it was no stream',
    model_ms         Nullable(UInt32) CODEC(ZSTD(1)) COMMENT 'of the last attempt',
    took_ms          Nullable(Int64) CODEC(ZSTD(1)) COMMENT 'from the decision to the end',
    source_topic     LowCardinality(String),
    source_partition Int32 CODEC(ZSTD(1)),
    source_offset    Int64 CODEC(Delta, ZSTD(1)),
    builder          UInt8 COMMENT 'version of the code that made the row',
    inserted_at      DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    INDEX by_user user TYPE bloom_filter GRANULARITY 4
)
ENGINE = {engine}
PARTITION BY toYYYYMM(at)
PRIMARY KEY (app, toStartOfHour(at), outcome)
ORDER BY (app, toStartOfHour(at), outcome, conversation, at)
TTL toDateTime(at) + INTERVAL {retention.requests} DAY
SETTINGS {window}, ttl_only_drop_parts = 1
