-- Which tier the person has for whom it was made. Rows of earlier versions have none.
ALTER TABLE {database}.model_calls {cluster}
    ADD COLUMN IF NOT EXISTS tier LowCardinality(String)
        COMMENT 'of the person for whom it was made, empty where the app gives none' AFTER conversation
