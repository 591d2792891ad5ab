//! Callbacks to Kafka: verify, parse, judge, publish, answer.
