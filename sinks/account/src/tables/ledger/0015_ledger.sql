-- One row per fact of money.
CREATE TABLE IF NOT EXISTS {database}.ledger {cluster}
(
    app              LowCardinality(String) COMMENT 'org#app that pays',
    at               DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when it was booked',
    id               UUID COMMENT 'what is told twice has the same',
    kind             LowCardinality(String) COMMENT 'reserve, settle, release, uncertain or correction',
    user             String CODEC(ZSTD(1)) COMMENT 'pseudonym of the person for whom it was spent',
    turn             UUID,
    request          UUID,
    message          String CODEC(ZSTD(1)) COMMENT 'that opened the turn',
    amount           Nullable(Decimal(38, 12)) CODEC(ZSTD(1)) COMMENT 'signed; null when it is not known, or does not fit',
    currency         LowCardinality(String) COMMENT 'of amount',
    tokens           UInt64 CODEC(ZSTD(1)) COMMENT 'input and output; 0 for a correction',
    reason           LowCardinality(String),
    correction       LowCardinality(String) COMMENT 'run that corrected, empty otherwise',
    price_before     LowCardinality(String) COMMENT 'id of the price that a correction replaces',
    price            LowCardinality(String) COMMENT 'id of the price that a correction applies',
    operator         LowCardinality(String) COMMENT 'who corrected, empty otherwise',
    source_topic     LowCardinality(String),
    source_partition Int32 CODEC(ZSTD(1)),
    source_offset    Int64 CODEC(Delta, ZSTD(1)),
    builder          UInt8 COMMENT 'version of the code that made the row',
    inserted_at      DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    INDEX by_turn turn TYPE bloom_filter GRANULARITY 4
)
ENGINE = {engine}
PARTITION BY toYYYYMM(at)
PRIMARY KEY (app, toStartOfHour(at), kind)
ORDER BY (app, toStartOfHour(at), kind, user, at, id)
TTL toDateTime(at) + INTERVAL {retention.ledger} DAY
SETTINGS {window}, ttl_only_drop_parts = 1
