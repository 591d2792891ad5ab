-- Which of a target's keys a call carried: limits, refusals and bills are the key's. Rows of earlier versions have none.
ALTER TABLE {database}.model_calls {cluster}
    ADD COLUMN IF NOT EXISTS key_number Nullable(UInt16) CODEC(ZSTD(1))
        COMMENT 'which of the target''s keys it carried, counted from 1; null where the target has one' AFTER target
