-- What each attempt may have cost: one word for every row. Rows of earlier versions get theirs from what is known of them.
ALTER TABLE {database}.model_calls {cluster}
    ADD COLUMN IF NOT EXISTS billing LowCardinality(String) DEFAULT multiIf(
        cost IS NOT NULL, 'priced',
        error = '' OR tokens_input IS NOT NULL OR (error = 'protocol' AND ifNull(status, 0) BETWEEN 200 AND 299), 'unpriced',
        error IN ('timeout', 'protocol') AND status IS NULL AND code != 'connect', 'uncertain',
        ifNull(status, 0) IN (502, 504, 520, 521, 522, 523, 524), 'uncertain',
        'free')
        COMMENT 'priced: the cost is known; unpriced: it was made and what it costs is not known; uncertain: it may have been made; free: it was refused, or never sent'
        AFTER cost,
    ADD COLUMN IF NOT EXISTS usage_contradicts Bool DEFAULT false
        COMMENT 'the provider''s counts contradict each other and are not priced' AFTER usage_source
