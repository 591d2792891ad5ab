//! The conversation: a pure fold from events to decisions, requests and answers.
