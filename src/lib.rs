//! Taster.
