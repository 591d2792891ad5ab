-- What the filter found in one hour.
CREATE TABLE IF NOT EXISTS {database}.safety_hour {cluster}
(
    app           LowCardinality(String) COMMENT 'org#app',
    hour          DateTime('UTC') CODEC(Delta, ZSTD(1)),
    category      LowCardinality(String),
    rule          LowCardinality(String),
    direction     LowCardinality(String),
    place         LowCardinality(String) COMMENT 'who judged: callback, guard or answer; one message counts at each',
    action        LowCardinality(String),
    shadow        Bool,
    hits          SimpleAggregateFunction(sum, Int64) COMMENT 'findings; what is told twice counts twice',
    spots         SimpleAggregateFunction(sum, Int64) COMMENT 'places in the texts',
    users         AggregateFunction(uniqExact, String) COMMENT 'different persons',
    conversations AggregateFunction(uniqExact, String) COMMENT 'different conversations'
)
ENGINE = {aggregating}
PARTITION BY toYYYYMM(hour)
PRIMARY KEY (app, hour, category, rule)
ORDER BY (app, hour, category, rule, direction, place, action, shadow)
TTL hour + INTERVAL {retention.safety_hour} DAY
SETTINGS {window}, ttl_only_drop_parts = 1
