//! Finds the browsers and drivers of this machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::{Engine, Launch, Trouble};

/// Where the system keeps programs, for a `Launch` that names no folders.
const FOLDERS: &[&str] = &["/usr/local/bin", "/usr/bin", "/bin", "/snap/bin", "/opt/google/chrome"];

/// Where MiniBrowser is, which no `PATH` names: `/usr/lib/ARCHITECTURE/webkit2gtk-4.1/MiniBrowser`,
/// or without the architecture where a system has only one.
const LIBRARIES: &[&str] = &["/usr/lib", "/usr/lib64", "/usr/libexec", "/usr/local/lib"];

/// How long a program may take to tell its version.
const VERSION: Duration = Duration::from_secs(10);

/// What an engine needs on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The engine.
    pub engine: Engine,
    /// The browser.
    pub browser: PathBuf,
    /// Its driver.
    pub driver: PathBuf,
    /// The X server without a screen, for a browser that always wants one.
    pub display: Option<PathBuf>,
}

/// What a program is called, by engine: browser, driver.
fn names(engine: Engine) -> (&'static [&'static str], &'static [&'static str]) {
    match engine {
        Engine::Chromium => (
            &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"],
            &["chromedriver", "chromium.chromedriver"],
        ),
        Engine::Firefox => (&["firefox", "firefox-esr"], &["geckodriver"]),
        Engine::Webkit => (&["MiniBrowser"], &["WebKitWebDriver"]),
    }
}

/// What there is of what an engine needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The browser.
    pub browser: Option<PathBuf>,
    /// Its driver.
    pub driver: Option<PathBuf>,
    /// The X server without a screen.
    pub display: Option<PathBuf>,
}

/// Looks for what an engine needs, and is content with less.
pub async fn look(engine: Engine, launch: &Launch) -> Looked {
    let (browsers, drivers) = names(engine);
    let folders = folders(launch);
    let browser = match (in_folders(&folders, browsers), engine) {
        (None, Engine::Webkit) => mini_browser().await,
        (found, _) => found,
    };
    let driver = in_folders(&folders, drivers);
    Looked { browser, driver, display: in_folders(&folders, &["Xvfb"]) }
}

/// Finds what an engine needs.
///
/// # Errors
/// `Missing`, with all that is absent and how to get it.
pub async fn find(engine: Engine, launch: &Launch) -> Result<Found, Trouble> {
    let (browsers, drivers) = names(engine);
    let Looked { browser, driver, display } = look(engine, launch).await;
    let wants_display = engine == Engine::Webkit && !launch.headed;
    let wanted = [
        (browser.is_none(), browsers[0]),
        (driver.is_none(), drivers[0]),
        (wants_display && display.is_none(), "Xvfb"),
    ];
    let absent: Vec<&str> = wanted.iter().filter(|one| one.0).map(|one| one.1).collect();
    match (browser, driver) {
        (Some(browser), Some(driver)) if absent.is_empty() => {
            let display = display.filter(|_| engine == Engine::Webkit);
            Ok(Found { engine, browser, driver, display })
        }
        _ => Err(Trouble::Missing(format!(
            "{engine} cannot be started: {} not found in {}; `taster doctor --install` gets what \
             is missing",
            absent.join(" and "),
            listed(&folders(launch)),
        ))),
    }
}

/// What a program says when it is asked for its version; none when it does not say it in time.
pub async fn version(program: &Path) -> Option<String> {
    let asked = Command::new(program).arg("--version").kill_on_drop(true).output();
    let output = timeout(VERSION, asked).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(String::from)
}

fn folders(launch: &Launch) -> Vec<PathBuf> {
    let mut all = launch.folders.clone();
    if all.is_empty() {
        all.extend(FOLDERS.iter().map(PathBuf::from));
    }
    all.extend(std::env::home_dir().map(|home| home.join(".cargo/bin")));
    let mut once: Vec<PathBuf> = Vec::new();
    for folder in all {
        if !once.contains(&folder) {
            once.push(folder);
        }
    }
    once
}

fn in_folders(folders: &[PathBuf], names: &[&str]) -> Option<PathBuf> {
    let all = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    all.into_iter().find(|file| file.is_file())
}

fn listed(folders: &[PathBuf]) -> String {
    let shown: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    shown.join(", ")
}

/// The newest MiniBrowser of the system's libraries: `webkitgtk-6.0` before `webkit2gtk-4.1`.
async fn mini_browser() -> Option<PathBuf> {
    let mut found = Vec::new();
    for library in LIBRARIES {
        let architectures = inside(Path::new(library)).await;
        for folder in std::iter::once(PathBuf::from(library)).chain(architectures) {
            let versions = ["webkitgtk-6.0", "webkit2gtk-4.1", "webkit2gtk-4.0"];
            let files = versions.map(|version| folder.join(version).join("MiniBrowser"));
            let files = files.into_iter().enumerate().filter(|(_, file)| file.is_file());
            found.extend(files);
        }
    }
    found.into_iter().min().map(|(_, file)| file)
}

async fn inside(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(mut entries) = tokio::fs::read_dir(folder).await else { return found };
    while let Ok(Some(entry)) = entries.next_entry().await {
        // Debian names architectures in three parts, such as `x86_64-linux-gnu`.
        if entry.file_name().to_string_lossy().matches('-').count() == 2 {
            found.push(entry.path());
        }
    }
    found
}
