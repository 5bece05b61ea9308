//! Real browsers, each doing what its channel promises.

mod classic;
mod contract;
mod firefox;
mod guard;
mod proxied;
mod site;
mod webkit;
