-- One row per attempt: a call of one target for one request.
CREATE TABLE IF NOT EXISTS {database}.model_calls {cluster}
(
    app              LowCardinality(String) COMMENT 'org#app',
    at               DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when the attempt started',
    request          UUID,
    kind             LowCardinality(String) COMMENT 'kind of the request',
    turn             UUID,
    message          String CODEC(ZSTD(1)) COMMENT 'that opened the turn',
    chat_kind        LowCardinality(String),
    conversation     String CODEC(ZSTD(1)) COMMENT 'pseudonym',
    attempt          UInt16 COMMENT 'from 1 within the request',
    attempts         UInt16 COMMENT 'of the request',
    target           LowCardinality(String),
    provider         LowCardinality(String),
    model            LowCardinality(String) COMMENT 'asked for',
    model_answered   LowCardinality(String) COMMENT 'that says it answered, empty if none did',
    region           LowCardinality(String),
    error            LowCardinality(String) COMMENT 'class, empty on success',
    code             LowCardinality(String) COMMENT 'the provider''s own error code',
    status           Nullable(UInt16) COMMENT 'of HTTP',
    duration_ms      UInt32 CODEC(ZSTD(1)),
    tokens_input     Nullable(UInt64) CODEC(ZSTD(1)) COMMENT 'the whole prompt, cached part included; null when not told',
    tokens_cached    Nullable(UInt64) CODEC(ZSTD(1)),
    tokens_output    Nullable(UInt64) CODEC(ZSTD(1)) COMMENT 'the whole completion, reasoning included',
    tokens_reasoning Nullable(UInt64) CODEC(ZSTD(1)),
    usage_source     LowCardinality(String) COMMENT 'provider or estimated, empty when not told',
    cost             Nullable(Decimal(18, 12)) CODEC(ZSTD(1)) COMMENT 'null when price or usage is unknown',
    currency         LowCardinality(String) COMMENT 'of cost',
    price            LowCardinality(String) COMMENT 'id of the price that was applied',
    provider_request String CODEC(ZSTD(1)),
    finish           LowCardinality(String) COMMENT 'why generation ended, in the provider''s word',
    rerun            Bool COMMENT 'an earlier run of the request may have left no trace',
    outcome          LowCardinality(String) COMMENT 'of the request',
    outcome_reason   LowCardinality(String),
    source_topic     LowCardinality(String),
    source_partition Int32 CODEC(ZSTD(1)),
    source_offset    Int64 CODEC(Delta, ZSTD(1)),
    builder          UInt8 COMMENT 'version of the code that made the row',
    inserted_at      DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    INDEX by_turn turn TYPE bloom_filter GRANULARITY 4
)
ENGINE = {engine}
PARTITION BY toYYYYMM(at)
PRIMARY KEY (app, toStartOfHour(at), model)
ORDER BY (app, toStartOfHour(at), model, conversation, at, request)
TTL toDateTime(at) + INTERVAL {retention.model_calls} DAY
SETTINGS {window}, ttl_only_drop_parts = 1
