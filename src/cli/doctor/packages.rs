//! What everything is called by the package managers of different systems.

use std::path::PathBuf;
use std::process::Command;

use crate::driver::browser::Engine;

/// Something that browser tests need, or the tests of Taster itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Chromium or Chrome.
    Chromium,
    /// The driver of Chromium.
    Chromedriver,
    /// Firefox.
    Firefox,
    /// The driver of Firefox.
    Geckodriver,
    /// The browser of WebKitGTK.
    MiniBrowser,
    /// The driver of WebKitGTK.
    WebkitDriver,
    /// An X server without a screen.
    Xvfb,
    /// Letters.
    Fonts,
    /// What reads the metrics of a run.
    Prometheus,
}

/// A package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    /// Debian, Ubuntu.
    Apt,
    /// Fedora, Red Hat.
    Dnf,
    /// Alpine.
    Apk,
    /// macOS.
    Brew,
}

/// What a need is called, why it matters, and its packages, by manager: apt-get, dnf, apk, brew.
/// dnf and apk know packages by the programs in them, which change less often than names. An
/// empty name is a package that the system does not have.
const TABLE: [(Need, &str, &str, [&str; 4]); 9] = [
    (
        Need::Chromium,
        "Chromium",
        "the browser that tests in chromium run in",
        ["chromium", "chromium", "chromium", "--cask chromium"],
    ),
    (
        Need::Chromedriver,
        "ChromeDriver",
        "starts Chromium; without it tests in chromium are not run",
        ["chromium-driver", "/usr/bin/chromedriver", "cmd:chromedriver", "--cask chromedriver"],
    ),
    (
        Need::Firefox,
        "Firefox",
        "the browser that tests in firefox run in",
        ["firefox-esr", "firefox", "firefox", "--cask firefox"],
    ),
    (
        Need::Geckodriver,
        "geckodriver",
        "speaks WebDriver to Firefox; without it tests in firefox are not run",
        ["", "", "cmd:geckodriver", "geckodriver"],
    ),
    (
        Need::MiniBrowser,
        "MiniBrowser (WebKitGTK)",
        "the browser that tests in webkit run in, with the engine of Safari",
        ["libwebkit2gtk-4.1-0", "webkitgtk6.0", "webkit2gtk-6.0", ""],
    ),
    (
        Need::WebkitDriver,
        "WebKitWebDriver",
        "speaks WebDriver to MiniBrowser; without it tests in webkit are not run",
        ["webkit2gtk-driver", "/usr/bin/WebKitWebDriver", "cmd:WebKitWebDriver", ""],
    ),
    (
        Need::Xvfb,
        "Xvfb",
        "a display for MiniBrowser, which has no mode without one",
        ["xvfb", "/usr/bin/Xvfb", "cmd:Xvfb", ""],
    ),
    (
        Need::Fonts,
        "a font",
        "without one pages have no letters, and elements no size",
        ["fonts-dejavu-core", "dejavu-sans-fonts", "font-dejavu", ""],
    ),
    (
        Need::Prometheus,
        "Prometheus",
        "reads metrics; only the tests of Taster itself need it",
        ["prometheus", "golang-github-prometheus", "prometheus", "prometheus"],
    ),
];

impl Need {
    /// What an engine needs: its browser, its driver, and a display where it has no mode without.
    pub fn of(engine: Engine) -> &'static [Need] {
        match engine {
            Engine::Chromium => &[Need::Chromium, Need::Chromedriver],
            Engine::Firefox => &[Need::Firefox, Need::Geckodriver],
            Engine::Webkit => &[Need::MiniBrowser, Need::WebkitDriver, Need::Xvfb],
        }
    }

    /// As it is shown.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Why it is needed.
    pub fn why(self) -> &'static str {
        self.row().2
    }

    /// The package, where this manager has one.
    pub fn package(self, manager: Manager) -> Option<&'static str> {
        let at = match manager {
            Manager::Apt => 0,
            Manager::Dnf => 1,
            Manager::Apk => 2,
            Manager::Brew => 3,
        };
        Some(self.row().3[at]).filter(|name| !name.is_empty())
    }

    fn row(self) -> &'static (Need, &'static str, &'static str, [&'static str; 4]) {
        // The table has a row for each; a test looks.
        TABLE.iter().find(|row| row.0 == self).unwrap_or(&TABLE[0])
    }
}

impl Manager {
    /// The one whose program is in one of these folders.
    pub fn of(folders: &[PathBuf]) -> Option<Manager> {
        let all = [Manager::Apt, Manager::Dnf, Manager::Apk, Manager::Brew];
        let there = |manager: &Manager| {
            folders.iter().any(|folder| folder.join(manager.program()).is_file())
        };
        all.into_iter().find(there)
    }

    /// Its program.
    pub fn program(self) -> &'static str {
        match self {
            Manager::Apt => "apt-get",
            Manager::Dnf => "dnf",
            Manager::Apk => "apk",
            Manager::Brew => "brew",
        }
    }

    /// What is said before a package: the command, without any questions where nobody answers.
    pub fn install(self, unattended: bool) -> Vec<&'static str> {
        match (self, unattended) {
            (Manager::Apt, true) => vec!["apt-get", "install", "-y", "--no-install-recommends"],
            (Manager::Dnf, true) => vec!["dnf", "install", "-y"],
            (Manager::Apk, _) => vec!["apk", "add"],
            (manager, _) => vec![manager.program(), "install"],
        }
    }
}

/// The version of the package of something that is there, where the system tells.
pub fn version(need: Need, manager: Option<Manager>) -> Option<String> {
    let (Manager::Apt, package) = (manager?, need.package(manager?)?) else { return None };
    let asked = Command::new("dpkg-query").args(["-W", "-f", "${Version}", package]).output();
    let told = asked.ok().filter(|output| output.status.success())?;
    let version = String::from_utf8_lossy(&told.stdout).trim().to_string();
    (!version.is_empty()).then(|| format!("{package} {version}"))
}

/// How to get something, in one line.
pub fn fix(need: Need, manager: Option<Manager>) -> String {
    let package = manager.and_then(|manager| Some((manager, need.package(manager)?)));
    match (package, need) {
        (Some((manager, package)), _) => {
            format!("{} {package}", manager.install(false).join(" "))
        }
        (None, Need::Geckodriver) => "cargo install --locked geckodriver".to_string(),
        (None, Need::MiniBrowser | Need::WebkitDriver | Need::Xvfb) if manager.is_some() => {
            "this system has no package of it: leave webkit out, or give --webdriver the URL of \
             one elsewhere"
                .to_string()
        }
        (None, need) => format!("install {} with this system's package manager", need.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_has_a_row_and_a_fix() {
        for (need, ..) in TABLE {
            assert_eq!(need.row().0, need);
            for manager in [None, Some(Manager::Apt), Some(Manager::Brew)] {
                assert!(!fix(need, manager).is_empty());
            }
        }
        let all = Engine::ALL.iter().flat_map(|engine| Need::of(*engine));
        assert_eq!(all.count() + 2, TABLE.len(), "a font and Prometheus are of no engine");
    }

    #[test]
    fn a_fix_is_a_command_of_this_system() {
        for (need, manager, told) in [
            (Need::Chromedriver, Some(Manager::Apt), "apt-get install chromium-driver"),
            (Need::Xvfb, Some(Manager::Dnf), "dnf install /usr/bin/Xvfb"),
            (Need::Geckodriver, Some(Manager::Apk), "apk add cmd:geckodriver"),
            (Need::Geckodriver, Some(Manager::Apt), "cargo install --locked geckodriver"),
            (Need::Firefox, Some(Manager::Brew), "brew install --cask firefox"),
            (Need::Firefox, None, "install Firefox with this system's package manager"),
        ] {
            assert_eq!(fix(need, manager), told);
        }
        assert!(fix(Need::Xvfb, Some(Manager::Brew)).contains("--webdriver"));
    }
}
