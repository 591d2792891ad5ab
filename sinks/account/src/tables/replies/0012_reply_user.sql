-- Who was answered. Rows of earlier versions do not say.
ALTER TABLE {database}.replies {cluster}
    ADD COLUMN IF NOT EXISTS user String CODEC(ZSTD(1))
        COMMENT 'pseudonym of the person who was answered, empty where several share the lane' AFTER delivery_ms,
    ADD INDEX IF NOT EXISTS by_message message TYPE bloom_filter GRANULARITY 4
