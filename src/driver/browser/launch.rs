//! Is how browsers are started.

use std::path::PathBuf;

use tokio::time::Instant;

use super::{Browser, Engine, Firefox, Trouble, chromium, webkit};

/// How browsers are started.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// This program: as `taster guard` it starts drivers and ends them and all they started when
    /// Taster itself is gone.
    pub guard: PathBuf,
    /// Where programs are looked for, such as the folders of `PATH`; the system's usual ones where
    /// there are none. `~/.cargo/bin` follows, where cargo puts drivers that it builds.
    pub folders: Vec<PathBuf>,
    /// With windows that a person can watch.
    pub headed: bool,
    /// A WebDriver server that is spoken to instead of starting one: a grid, real Safari.
    pub remote: Option<String>,
    /// Further capabilities for the session, as JSON, laid over Taster's own.
    pub capabilities: serde_json::Map<String, serde_json::Value>,
}

/// Starts a browser of this engine; any engine on a remote server is spoken to in the classic
/// way, since only that is promised there.
pub(super) async fn launch(
    engine: Engine,
    launch: &Launch,
    by: Instant,
) -> Result<Box<dyn Browser>, Trouble> {
    match engine {
        _ if launch.remote.is_some() => webkit::launch(engine, launch, by).await,
        Engine::Chromium => chromium::launch(launch, by).await,
        Engine::Firefox => Ok(Box::new(Firefox::launch(launch, by).await?)),
        Engine::Webkit => webkit::launch(engine, launch, by).await,
    }
}
