//! HTTP to others: client, deadline, retry, pacing, breaker; knows no vendor and no Kafka.
