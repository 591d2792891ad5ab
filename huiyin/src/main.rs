//! The binary: composition and command line only.
fn main() {}
