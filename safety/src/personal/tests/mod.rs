//! Tests of the recognisers together.

mod corpus;
mod fuzz;
mod hiding;
mod numbers;
