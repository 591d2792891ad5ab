-- Who was answered, by which rule, and after which wait; and corrections of what calls cost. Sums over all rows are right at every moment:
-- a correction has a signed amount, and 0 in `calls`. Rows of earlier versions are calls.
ALTER TABLE {database}.model_calls {cluster}
    ADD COLUMN IF NOT EXISTS calls UInt8 DEFAULT 1
        COMMENT '1, or 0 for a correction: the sum is the number of calls' AFTER outcome_reason,
    ADD COLUMN IF NOT EXISTS correction LowCardinality(String)
        COMMENT 'run that corrected what the call cost, empty for the call itself' AFTER calls,
    ADD COLUMN IF NOT EXISTS user String CODEC(ZSTD(1))
        COMMENT 'pseudonym of the person who was answered, empty if unknown' AFTER correction,
    ADD COLUMN IF NOT EXISTS tier LowCardinality(String)
        COMMENT 'of the person, empty without one' AFTER user,
    ADD COLUMN IF NOT EXISTS rule LowCardinality(String)
        COMMENT 'that chose the targets, empty where an app has no routes and no experiments' AFTER tier,
    ADD COLUMN IF NOT EXISTS class LowCardinality(String)
        COMMENT 'of the complexity: simple, standard or hard; empty where no rule asked' AFTER rule,
    ADD COLUMN IF NOT EXISTS arms Array(LowCardinality(String))
        COMMENT 'arm of each experiment, experiment=arm' AFTER class,
    ADD COLUMN IF NOT EXISTS queue_ms Nullable(Int64) CODEC(ZSTD(1))
        COMMENT 'from the decision to ask to the start of this attempt' AFTER arms,
    ADD COLUMN IF NOT EXISTS detail String CODEC(ZSTD(1))
        COMMENT 'what was wrong, in our words' AFTER queue_ms,
    ADD INDEX IF NOT EXISTS by_user user TYPE bloom_filter GRANULARITY 4
