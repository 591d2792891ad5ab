-- What each provider said of an attempt's usage, in its own words, and its ids.
CREATE TABLE IF NOT EXISTS {database}.raw_usage {cluster}
(
    app              LowCardinality(String) COMMENT 'org#app',
    at               DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when the attempt started',
    request          UUID,
    kind             LowCardinality(String) COMMENT 'kind of the request',
    attempt          UInt16 COMMENT 'from 1 within the request',
    target           LowCardinality(String),
    key_number       Nullable(UInt16) COMMENT 'which of the target''s keys it carried; null where the target has one',
    provider         LowCardinality(String),
    region           LowCardinality(String),
    model            LowCardinality(String) COMMENT 'asked for',
    model_answered   LowCardinality(String) COMMENT 'that says it answered, empty if none did',
    provider_request String CODEC(ZSTD(1)) COMMENT 'the provider''s id of the call, by which its invoice may name it',
    usage            String CODEC(ZSTD(3)) COMMENT 'JSON as it came, empty when the provider told none',
    source_topic     LowCardinality(String),
    source_partition Int32 CODEC(ZSTD(1)),
    source_offset    Int64 CODEC(Delta, ZSTD(1)),
    builder          UInt8 COMMENT 'version of the code that made the row',
    inserted_at      DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    INDEX by_provider_request provider_request TYPE bloom_filter GRANULARITY 4
)
ENGINE = {engine}
PARTITION BY toYYYYMM(at)
PRIMARY KEY (app, toStartOfHour(at), model)
ORDER BY (app, toStartOfHour(at), model, at, request, attempt)
TTL toDateTime(at) + INTERVAL {retention.raw_usage} DAY
SETTINGS {window}, ttl_only_drop_parts = 1
