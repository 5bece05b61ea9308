//! The embedded backend: a nutrition service in small, that a run has as its default target.
//!
//! Programs talk to it in JSON, people through web pages. It is a real service with a real
//! database, real sessions and real transactions; nothing in it answers from a script. It knows
//! nothing of scenarios, plans or runs: a test of it is a test of any service. `Fault` breaks it
//! on purpose, to see whether a judge notices.

mod account;
mod auth;
mod cart;
mod catalogue;
mod checkout;
mod clock;
mod database;
mod edge;
mod fault;
mod filter;
mod flaw;
mod food;
mod health;
mod health_profile;
mod identity;
mod injection;
mod input;
mod limiter;
mod listen;
mod meal_list;
mod meals;
mod menu;
mod metrics;
mod orders;
mod pages;
mod password;
mod password_reset;
mod people;
mod plan;
mod plan_generator;
mod products;
mod recommendations;
mod reply;
mod routes;
mod rules;
mod schema;
mod session;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;

pub use fault::{Fault, FaultError};

/// How the demo is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// The database file. It is made and seeded if it does not exist; an existing one keeps its
    /// data, whatever the seed. `None`: a fresh file in the temporary directory, removed at the
    /// end.
    pub database: Option<PathBuf>,
    /// What the seeded data and the faults are drawn from. The same seed gives the same.
    pub seed: u64,
    /// What is broken on purpose. Several add up.
    pub faults: Vec<Fault>,
    /// How long an access token works.
    pub access_lifetime: Duration,
    /// How long a refresh token works.
    pub refresh_lifetime: Duration,
    /// How long a password-reset token works.
    pub reset_lifetime: Duration,
    /// How long after checkout an order counts as shipped.
    pub ship_after: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            database: None,
            seed: 1,
            faults: Vec::new(),
            access_lifetime: Duration::from_secs(60 * 60),
            refresh_lifetime: Duration::from_secs(30 * 24 * 60 * 60),
            reset_lifetime: Duration::from_secs(15 * 60),
            ship_after: Duration::from_secs(60 * 60),
        }
    }
}

/// Why the demo could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// SQLite refused to open, make or seed the database.
    #[error("the demo's database {path} cannot be used: {cause}")]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        cause: rusqlite::Error,
    },
    /// The file system refused.
    #[error("the demo's database {path} cannot be made: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        cause: std::io::Error,
    },
    /// The file is an SQLite database, but not one of the demo's.
    #[error("{path} is a database of something else; name another file, or remove this one")]
    ForeignDatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file was made by another version.
    #[error("{path} has schema {found}, this version needs {needed}; remove the file to reseed")]
    SchemaVersion {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: i64,
        /// The version this program writes.
        needed: i64,
    },
}

/// What all requests share.
struct App {
    database: database::Database,
    lifetimes: session::Lifetimes,
    ship_after: Duration,
    sign_in_failures: limiter::Limiter,
    reset_requests: limiter::Limiter,
    injection: injection::Injection,
    metrics: metrics::Metrics,
    renderer: pages::Renderer,
    started: Instant,
}

impl App {
    fn open(options: Options) -> Result<Self, DemoError> {
        let database = database::Database::open(options.database, options.seed)?;
        Ok(App {
            database,
            lifetimes: session::Lifetimes {
                access: options.access_lifetime,
                refresh: options.refresh_lifetime,
                reset: options.reset_lifetime,
            },
            ship_after: options.ship_after,
            sign_in_failures: limiter::Limiter::per_minute(10),
            reset_requests: limiter::Limiter::per_minute(10),
            injection: injection::Injection::new(options.faults, options.seed),
            metrics: metrics::Metrics::default(),
            renderer: pages::Renderer::new(),
            started: Instant::now(),
        })
    }
}

/// Serves the demo on `listener` until `stop` ends, then finishes what was begun.
///
/// # Errors
///
/// When the database cannot be opened or seeded. Nothing that a client sends ends it.
pub async fn serve(
    listener: TcpListener,
    options: Options,
    stop: impl Future<Output = ()>,
) -> Result<(), DemoError> {
    let app = Arc::new(App::open(options)?);
    listen::run(listener, app, stop).await;
    Ok(())
}
