//! How records travel: the runtime on rdkafka, generic in its payload.
