//! The tests of the crate from the outside, one module for each part.

mod demo;
