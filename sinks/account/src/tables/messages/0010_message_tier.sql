-- Which tier whoever sent it has. Rows of earlier versions have none.
ALTER TABLE {database}.messages {cluster}
    ADD COLUMN IF NOT EXISTS tier LowCardinality(String)
        COMMENT 'of whoever sent it, empty where the app gives none' AFTER route
