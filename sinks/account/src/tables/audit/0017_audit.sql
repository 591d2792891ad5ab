-- One row per act of an operator, as the log has it.
CREATE TABLE IF NOT EXISTS {database}.audit {cluster}
(
    app              LowCardinality(String) COMMENT 'org#app, empty when it was about all',
    at               DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) COMMENT 'when it was done',
    id               String CODEC(ZSTD(1)) COMMENT 'of the act; applying a bundle is one act, with a row for each partition',
    kind             LowCardinality(String) COMMENT 'config, retract, takeover, handback, offsets_reset, requeue, rebuild, …',
    operator         String CODEC(ZSTD(1)) COMMENT 'who did it, empty if unknown; a pseudonym where it is a user of Easemob',
    subject          String CODEC(ZSTD(1)) COMMENT 'what it was done to; a pseudonym where it is a conversation',
    why              String CODEC(ZSTD(1)) COMMENT 'in the operator''s words, empty if none',
    details          Map(String, String) CODEC(ZSTD(1)),
    source_topic     LowCardinality(String),
    source_partition Int32 CODEC(ZSTD(1)),
    source_offset    Int64 CODEC(Delta, ZSTD(1)),
    builder          UInt8 COMMENT 'version of the code that made the row',
    inserted_at      DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1))
)
ENGINE = {engine}
PARTITION BY toYear(at)
PRIMARY KEY (app, toStartOfHour(at))
ORDER BY (app, toStartOfHour(at), at, id)
TTL toDateTime(at) + INTERVAL {retention.audit} DAY
SETTINGS {window}, ttl_only_drop_parts = 1
