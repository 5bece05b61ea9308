//! The database file: who may write when, and where queries run.
//!
//! Reads take a connection of their own and see one snapshot. Writes queue up for the one
//! writer, so that no two ever meet a busy lock. Both run where the request is: in this schema
//! they take tens of microseconds, less than handing them to another thread and back. The one
//! slow thing, copying the log into the file, is done aside by `checkpoint`.

use std::fs::{self, OpenOptions};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::flaw::Defects;
use super::reply::Refusal;
use super::schema::{self, Standing};
use super::{App, DemoError, clock, identity};

/// Every query of the service fits; those of the product list differ by their filters.
const STATEMENTS: usize = 256;

/// A log of so many pages of 4 KiB makes reads slow.
const LONG_LOG: i64 = 2_000;

/// An open database. The connections close before the file is removed: fields drop in order.
pub(super) struct Database {
    writer: tokio::sync::Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    place: Place,
}

struct Place {
    path: PathBuf,
    throwaway: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.throwaway {
            for end in ["", "-wal", "-shm"] {
                let mut name = self.path.clone().into_os_string();
                name.push(end);
                // It is in the temporary directory: what cannot be removed goes with that.
                let _ = fs::remove_file(name);
            }
        }
    }
}

impl Place {
    fn choose(path: Option<PathBuf>) -> Result<Self, DemoError> {
        if let Some(path) = path {
            return Ok(Place { path, throwaway: false });
        }
        let name = format!("taster-demo-{}.sqlite", identity::new_id());
        let path = std::env::temp_dir().join(name);
        // Made here and not by SQLite, so that nobody can have put a link there before.
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(_) => Ok(Place { path, throwaway: true }),
            Err(cause) => Err(DemoError::File { path, cause }),
        }
    }

    fn failed(&self, cause: rusqlite::Error) -> DemoError {
        DemoError::Database { path: self.path.clone(), cause }
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open(&self.path)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -16_384)?;
        connection.pragma_update(None, "mmap_size", 256 << 20)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        Ok(connection)
    }

    /// A commit then waits for no disk. A crash of the machine may lose the last commits, but
    /// never tears the file; a file that is removed at the end needs no promise at all.
    fn relax(&self, connection: &Connection) -> rusqlite::Result<()> {
        let synchronous = if self.throwaway { "OFF" } else { "NORMAL" };
        connection.pragma_update(None, "synchronous", synchronous)
    }

    /// Only after the file is known to be ours: this changes it.
    fn connect_writer(&self, seed: u64) -> Result<Connection, DemoError> {
        let mut writer = self.connect().map_err(|cause| self.failed(cause))?;
        self.recognise(&writer)?;
        self.set_up(&mut writer, seed).map_err(|cause| self.failed(cause))?;
        Ok(writer)
    }

    fn recognise(&self, connection: &Connection) -> Result<(), DemoError> {
        let path = self.path.clone();
        match schema::standing(connection).map_err(|cause| self.failed(cause))? {
            Standing::Empty | Standing::Ours => Ok(()),
            Standing::Foreign => Err(DemoError::ForeignDatabase { path }),
            Standing::OtherVersion(found) => {
                Err(DemoError::SchemaVersion { path, found, needed: schema::VERSION })
            }
        }
    }

    fn set_up(&self, writer: &mut Connection, seed: u64) -> rusqlite::Result<()> {
        writer.pragma_update(None, "journal_mode", "WAL")?;
        writer.pragma_update(None, "wal_autocheckpoint", 0)?;
        writer.pragma_update(None, "journal_size_limit", 16 << 20)?;
        self.relax(writer)?;
        // Asked again under the lock: another process may be seeding the same file.
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if schema::standing(&transaction)? == Standing::Empty {
            schema::create(&transaction, seed)?;
        }
        transaction.commit()
    }
}

impl Database {
    pub(super) fn open(path: Option<PathBuf>, seed: u64) -> Result<Self, DemoError> {
        let place = Place::choose(path)?;
        let writer = tokio::sync::Mutex::new(place.connect_writer(seed)?);
        Ok(Database { writer, readers: Mutex::new(Vec::new()), place })
    }

    /// Copies the log into the file, past the writer. It may wait for the disk, so it is for a
    /// thread that may block.
    ///
    /// The log begins anew only when all of it is copied. Under load the writer is always a
    /// little ahead, so of a long log the rest is copied while the writer waits.
    pub(super) fn checkpoint(&self) -> rusqlite::Result<()> {
        let connection = self.place.connect()?;
        self.place.relax(&connection)?;
        if copy_log(&connection)? > LONG_LOG {
            let _writer = self.writer.blocking_lock();
            copy_log(&connection)?;
        }
        Ok(())
    }

    /// Forgets sessions that are over.
    pub(super) async fn forget_old(&self) -> rusqlite::Result<()> {
        let writer = self.writer.lock().await;
        let now = clock::now();
        writer.execute("DELETE FROM sessions WHERE refresh_expires < ?1", [now])?;
        Ok(())
    }

    fn reader(&self) -> rusqlite::Result<Connection> {
        let free = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(connection) = free {
            return Ok(connection);
        }
        let connection = self.place.connect()?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }

    /// Readers are never held across an await, so there are at most as many as threads.
    fn give_back(&self, connection: Connection) {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

/// Copies what it can, and says how many pages the log has.
fn copy_log(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1))
}

/// What one request has spent in the database, and whether it may use it.
#[derive(Debug, Clone, Default)]
pub(super) struct Call {
    pub(super) spent_nanos: Arc<AtomicU64>,
    pub(super) database_down: bool,
    pub(super) unauthorized: bool,
    pub(super) defects: Defects,
}

/// The database, for one request.
#[derive(Clone)]
pub(super) struct Db {
    pub(super) app: Arc<App>,
    call: Call,
}

impl FromRequestParts<Arc<App>> for Db {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        Ok(Db::of(parts, app))
    }
}

impl Db {
    /// The database as this request may use it.
    pub(super) fn of(parts: &Parts, app: &Arc<App>) -> Self {
        let call = parts.extensions.get::<Call>().cloned().unwrap_or_default();
        Db { app: Arc::clone(app), call }
    }

    /// Queries on one snapshot.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let _spent = self.begin()?;
        let connection = self.app.database.reader()?;
        let result = {
            let snapshot = connection.unchecked_transaction()?;
            work(&snapshot)
        };
        self.app.database.give_back(connection);
        result
    }

    /// Changes that hold together, or not at all when `work` refuses.
    pub(super) async fn write<T>(
        &self,
        work: impl FnOnce(&Transaction) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let _spent = self.begin()?;
        let mut writer = self.app.database.writer.lock().await;
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Whether a fault forbids every sign-in.
    pub(super) fn unauthorized(&self) -> bool {
        self.call.unauthorized
    }

    /// What pages do wrong on purpose.
    pub(super) fn defects(&self) -> Defects {
        self.call.defects
    }

    fn begin(&self) -> Result<Spent, Refusal> {
        if self.call.database_down {
            return Err(Refusal::database_down());
        }
        Ok(Spent { began: Instant::now(), total: Arc::clone(&self.call.spent_nanos) })
    }
}

/// Adds its own life to the total when it ends, whichever way that is.
struct Spent {
    began: Instant,
    total: Arc<AtomicU64>,
}

impl Drop for Spent {
    fn drop(&mut self) {
        let nanos = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.total.fetch_add(nanos, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_without_a_name_leaves_nothing_behind() {
        let database = Database::open(None, 1).expect("opened");
        let path = database.place.path.clone();
        drop(database.reader().expect("a connection"));
        assert!(path.exists());
        drop(database);
        for end in ["", "-wal", "-shm"] {
            let file = PathBuf::from(format!("{}{end}", path.display()));
            assert!(!file.exists(), "{file:?}");
        }
    }

    #[test]
    fn a_checkpoint_brings_the_log_into_the_file() {
        let database = Database::open(None, 1).expect("opened");
        let size = || fs::metadata(&database.place.path).expect("a file").len();
        let before = size();
        database.checkpoint().expect("copied");
        assert!(size() > before, "the seed was in the log only");
    }
}
