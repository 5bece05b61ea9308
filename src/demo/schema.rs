//! The tables of the database, and how a file is known to hold them.
//!
//! What is in the tables at the start is the business of `catalogue`, `menu` and `people`.

use rusqlite::Connection;

use super::{catalogue, menu, people};

/// Bump it when `schema.sql` changes: older files are then refused instead of misread.
pub(super) const VERSION: i64 = 2;

/// "Tast" in ASCII, in the header of the file: it tells our databases from others'.
const APPLICATION: i64 = 0x5461_7374;

/// What a file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Empty,
    Ours,
    OtherVersion(i64),
    Foreign,
}

pub(super) fn standing(database: &Connection) -> rusqlite::Result<Standing> {
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0));
    let application = number("SELECT application_id FROM pragma_application_id")?;
    let version = number("SELECT user_version FROM pragma_user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    Ok(match (application, version, tables) {
        (0, 0, 0) => Standing::Empty,
        (APPLICATION, VERSION, _) => Standing::Ours,
        (APPLICATION, other, _) => Standing::OtherVersion(other),
        _ => Standing::Foreign,
    })
}

/// Makes the tables and fills them from the seed.
pub(super) fn create(database: &Connection, seed: u64) -> rusqlite::Result<()> {
    database.execute_batch(include_str!("schema.sql"))?;
    database.pragma_update(None, "application_id", APPLICATION)?;
    database.pragma_update(None, "user_version", VERSION)?;
    let products = catalogue::seed(database, seed)?;
    menu::seed(database, seed, &products)?;
    people::seed(database, seed, &products)?;
    database.execute_batch("ANALYZE")
}
