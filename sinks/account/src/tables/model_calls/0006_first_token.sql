-- When the first token of a stream came. Rows of earlier versions have none.
ALTER TABLE {database}.model_calls {cluster}
    ADD COLUMN IF NOT EXISTS time_to_first_token_ms Nullable(UInt32) CODEC(ZSTD(1))
        COMMENT 'from the start of the attempt to the first token of its stream; null when none came or it was no stream'
        AFTER duration_ms
