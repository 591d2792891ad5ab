//! The filter engine: matching and verdicts; pure, no I/O.
