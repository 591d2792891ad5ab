//! The model call: provider families, review, outcome.
