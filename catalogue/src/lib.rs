//! What is configured: apps, bots, targets, prices, policies; pure and validated.
