//! The HTTP driver against real sockets.

mod answers;
mod bad_servers;
mod cookies;
mod redirects;
mod requests;
pub mod server;
mod sessions;
mod step;
pub mod tls;
