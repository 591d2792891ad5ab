-- Money has room for every currency: an amount of some sums to more than a million in one call.
ALTER TABLE {database}.model_calls {cluster}
    MODIFY COLUMN cost Nullable(Decimal(38, 12)) CODEC(ZSTD(1)) COMMENT 'null when price or usage is unknown, or the amount does not fit'
