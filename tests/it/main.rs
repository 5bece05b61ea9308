//! Everything through the public interface, against real sockets and files.

mod demo;
mod http;
mod judge;
mod runs;
mod tidy;
