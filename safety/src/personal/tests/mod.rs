//! Tests of the recognisers together.

mod corpus;
