-- What a call wrote to its provider's cache, by how long it is kept there: each has a price of its own. Rows of earlier versions have none.
ALTER TABLE {database}.model_calls {cluster}
    ADD COLUMN IF NOT EXISTS tokens_cache_write_5m Nullable(UInt64) CODEC(ZSTD(1))
        COMMENT 'part of the prompt that was put into the provider''s cache for minutes' AFTER tokens_cached,
    ADD COLUMN IF NOT EXISTS tokens_cache_write_1h Nullable(UInt64) CODEC(ZSTD(1))
        COMMENT 'part of the prompt that was put into the provider''s cache for an hour' AFTER tokens_cache_write_5m
