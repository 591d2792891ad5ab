-- How the targets of a turn were chosen, how long deciding took, and where the message stands in the log. Rows of earlier versions have none
-- of it.
ALTER TABLE {database}.messages {cluster}
    ADD COLUMN IF NOT EXISTS decide_ms Nullable(Int64) CODEC(ZSTD(1))
        COMMENT 'from the message''s place in the log to its decision''s, by the brokers' AFTER queue_ms,
    ADD COLUMN IF NOT EXISTS tier LowCardinality(String)
        COMMENT 'of the person, empty without one' AFTER decide_ms,
    ADD COLUMN IF NOT EXISTS class LowCardinality(String)
        COMMENT 'of the complexity: simple, standard or hard; empty where no rule asked' AFTER tier,
    ADD COLUMN IF NOT EXISTS score Nullable(UInt16) CODEC(ZSTD(1))
        COMMENT 'complexity, 0 to 1000; null where no rule asked' AFTER class,
    ADD COLUMN IF NOT EXISTS arms Array(LowCardinality(String))
        COMMENT 'arm of each experiment, experiment=arm' AFTER score,
    ADD COLUMN IF NOT EXISTS targets Array(LowCardinality(String))
        COMMENT 'chain of the turn that it opened' AFTER arms,
    ADD COLUMN IF NOT EXISTS request Nullable(UUID)
        COMMENT 'that went out for it' AFTER targets,
    ADD COLUMN IF NOT EXISTS event_partition Nullable(Int32) CODEC(ZSTD(1))
        COMMENT 'partition of the message in events' AFTER request,
    ADD COLUMN IF NOT EXISTS event_offset Nullable(Int64) CODEC(ZSTD(1))
        COMMENT 'offset of the message in events' AFTER event_partition
