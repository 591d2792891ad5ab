-- What one person did and cost on one day.
CREATE TABLE IF NOT EXISTS {database}.user_day {cluster}
(
    app           LowCardinality(String) COMMENT 'org#app',
    day           Date CODEC(Delta, ZSTD(1)) COMMENT 'UTC',
    user          String CODEC(ZSTD(1)) COMMENT 'pseudonym, empty if unknown',
    tier          LowCardinality(String) COMMENT 'of the person, empty without one and for ratings',
    currency      LowCardinality(String) COMMENT 'of cost; empty for messages and ratings, and where no cost is known',
    messages      SimpleAggregateFunction(sum, Int64) COMMENT 'decided on',
    asked         SimpleAggregateFunction(sum, Int64) COMMENT 'of these, that opened a turn',
    blocked       SimpleAggregateFunction(sum, Int64) COMMENT 'of these, that the filter stopped',
    calls         SimpleAggregateFunction(sum, Int64),
    tokens_input  SimpleAggregateFunction(sum, UInt64),
    tokens_output SimpleAggregateFunction(sum, UInt64),
    cost          SimpleAggregateFunction(sum, Decimal(38, 12)) COMMENT 'of the line''s currency, corrections included',
    ratings       SimpleAggregateFunction(sum, Int64),
    rating_sum    SimpleAggregateFunction(sum, Int64) COMMENT 'of ratings from 1 to 5'
)
ENGINE = {aggregating}
PARTITION BY toYYYYMM(day)
PRIMARY KEY (app, day)
ORDER BY (app, day, user, tier, currency)
TTL day + INTERVAL {retention.user_day} DAY
SETTINGS {window}, ttl_only_drop_parts = 1
