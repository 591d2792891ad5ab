//! The local stack, the demo and the tidy checks.
