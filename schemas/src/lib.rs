//! What travels on Kafka: records, ids, topics, the wire format.
