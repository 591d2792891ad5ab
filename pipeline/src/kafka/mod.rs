//! The adapter to librdkafka: configuration, producers, consumers, administration. The only home of `rdkafka`.
