-- Calls, tokens, cost and times of one hour, by model, rule, arm and how the calls ended.
CREATE TABLE IF NOT EXISTS {database}.usage_hour {cluster}
(
    app                   LowCardinality(String) COMMENT 'org#app',
    hour                  DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'in which the call started',
    provider              LowCardinality(String),
    model                 LowCardinality(String) COMMENT 'asked for',
    target                LowCardinality(String),
    kind                  LowCardinality(String) COMMENT 'kind of the request',
    tier                  LowCardinality(String) COMMENT 'of the person, empty without one',
    error                 LowCardinality(String) COMMENT 'class, empty on success',
    billing               LowCardinality(String) COMMENT 'priced, unpriced, uncertain, free; correction',
    currency              LowCardinality(String) COMMENT 'of cost, empty where no cost is known',
    region                LowCardinality(String) COMMENT 'of the target',
    chat_kind             LowCardinality(String),
    rule                  LowCardinality(String) COMMENT 'that chose the targets, empty where an app has no routes and no experiments',
    class                 LowCardinality(String) COMMENT 'of the complexity, empty where no rule asked',
    arms                  Array(LowCardinality(String)) COMMENT 'arm of each experiment, experiment=arm',
    calls                 SimpleAggregateFunction(sum, Int64),
    retries               SimpleAggregateFunction(sum, Int64) COMMENT 'calls behind the first of their request',
    tokens_input          SimpleAggregateFunction(sum, UInt64) COMMENT 'whole prompts, cached parts included',
    tokens_cached         SimpleAggregateFunction(sum, UInt64),
    tokens_cache_write_5m SimpleAggregateFunction(sum, UInt64),
    tokens_cache_write_1h SimpleAggregateFunction(sum, UInt64),
    tokens_output         SimpleAggregateFunction(sum, UInt64) COMMENT 'whole completions, reasoning included',
    tokens_reasoning      SimpleAggregateFunction(sum, UInt64),
    estimated             SimpleAggregateFunction(sum, Int64) COMMENT 'calls whose tokens nobody told',
    cost                  SimpleAggregateFunction(sum, Decimal(38, 12)) COMMENT 'of the line''s currency, corrections included',
    duration              AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), UInt32) COMMENT 'milliseconds of calls that answered, within 1 %',
    first_token           AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), UInt32) COMMENT 'milliseconds to the first token of calls that answered, within 1 %'
)
ENGINE = {aggregating}
PARTITION BY toYYYYMM(hour)
PRIMARY KEY (app, hour, provider, model)
ORDER BY (app, hour, provider, model, target, kind, tier, error, billing, currency, region, chat_kind, rule, class, arms)
TTL hour + INTERVAL {retention.usage_hour} DAY
SETTINGS {window}, ttl_only_drop_parts = 1
