//! Easemob's REST side: token, sends, results.
