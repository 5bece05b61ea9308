//! `taster doctor`: what browser tests and load need on this machine, what of it is there, and the
//! fix.

mod install;
mod look;
mod machine;
mod packages;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::args::DoctorArgs;
use crate::cli::doctor::machine::{Row, Status};
use crate::cli::exit::ExitStatus;
use crate::cli::project::Project;
use crate::cli::{Ended, run, words};
use crate::driver::browser::{self, Engine, Launch, Looked};
use crate::store;
use packages::{Manager, Need};

/// One thing that is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    need: Need,
    /// Where it is.
    found: Option<PathBuf>,
    /// What it says it is.
    version: Option<String>,
    /// Why it does not do although it is there.
    unfit: Option<String>,
}

/// Says what is there and what is missing; with `--install` gets it first.
pub fn doctor(args: &DoctorArgs) -> Result<ExitStatus, Ended> {
    let engines: Vec<Engine> = Engine::ALL
        .into_iter()
        .filter(|engine| args.browser.is_empty() || args.browser.contains(&engine.to_string()))
        .collect();
    let launch = run::launch();
    let manager = Manager::of(&launch.folders);
    let look = || examine(&engines, &launch, (manager, args.own_tests));
    let mut items = look()?;
    if args.install && items.iter().any(Item::is_missing) {
        let missing: Vec<Need> = missing(&items);
        install::install(&missing, manager, &launch.folders);
        items = look()?;
    }
    // Who asks for an engine asks for nothing else.
    let rows = match args.browser.is_empty() {
        true => machine::rows(&look::facts(args, &scenarios()?)),
        false => Vec::new(),
    };
    words::data(&match args.json {
        true => format!("{:#}\n", as_json(&items, manager, &rows)),
        false => format!("{}{}", machine::told(&rows), told(&items, manager)),
    });
    let bad = rows.iter().any(|row| row.status == Status::Bad);
    match bad || items.iter().any(Item::is_missing) {
        true => Ok(ExitStatus::Environment),
        false => Ok(ExitStatus::Pass),
    }
}

/// Where the scenarios of this project are.
fn scenarios() -> Result<Vec<PathBuf>, Ended> {
    let project = Project::here()?;
    let known = project.scenarios();
    Ok(if known.is_empty() { vec![PathBuf::from("scenarios")] } else { known })
}

/// For programs; docs/config.md has its shape.
fn as_json(items: &[Item], manager: Option<Manager>, rows: &[Row]) -> Value {
    let browsers: Vec<Value> = items
        .iter()
        .map(|item| {
            json!({
                "name": item.need.name(),
                "status": if item.is_missing() { "missing" } else { "ok" },
                "version": item.version,
                "path": item.found.as_ref().map(|path| path.display().to_string()),
                "unfit": item.unfit,
                "why": item.need.why(),
                "fix": item.is_missing().then(|| packages::fix(item.need, manager)),
            })
        })
        .collect();
    let machine: Vec<Value> = rows
        .iter()
        .map(|row| {
            let status = match row.status {
                Status::Fine => "ok",
                Status::Doubtful => "doubt",
                Status::Bad => "bad",
            };
            let fix = (!row.fix.is_empty()).then_some(&row.fix);
            let (name, found, why) = (row.name, &row.found, row.why);
            json!({ "name": name, "status": status, "found": found, "why": why, "fix": fix })
        })
        .collect();
    let well =
        !rows.iter().any(|row| row.status == Status::Bad) && !items.iter().any(Item::is_missing);
    json!({ "format": 1, "well": well, "machine": machine, "browsers": browsers })
}

/// Looks at everything that the engines need, in the order in which it is told.
fn examine(
    engines: &[Engine],
    launch: &Launch,
    (manager, own_tests): (Option<Manager>, bool),
) -> Result<Vec<Item>, Ended> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Ended::environment(format!("cannot start an event loop: {error}")))?;
    let items = runtime.block_on(async {
        let mut items = Vec::new();
        for engine in engines {
            let Looked { browser, driver, display } = browser::look(*engine, launch).await;
            let parts = Need::of(*engine).iter().zip([browser, driver, display]);
            for (need, found) in parts {
                items.push(item(*need, found, manager).await);
            }
        }
        if own_tests {
            let mut programs = launch.folders.iter().map(|folder| folder.join("prometheus"));
            let found = programs.find(|program| program.is_file());
            items.push(item(Need::Prometheus, found, manager).await);
        }
        items
    });
    let mut items = fitted(items);
    let found = store::any_font();
    items.push(Item { need: Need::Fonts, found, version: None, unfit: None });
    Ok(items)
}

async fn item(need: Need, found: Option<PathBuf>, manager: Option<Manager>) -> Item {
    // These know no such question: what the system knows of their package has to do.
    let asks = !matches!(need, Need::MiniBrowser | Need::WebkitDriver | Need::Xvfb);
    let version = match &found {
        None => None,
        Some(program) if asks => browser::version(program).await.map(|text| short(&text)),
        Some(_) => packages::version(need, manager),
    };
    let dead = found.is_some() && version.is_none() && asks;
    let unfit = dead.then(|| "it does not tell its version: it cannot be started".to_string());
    Item { need, found, version, unfit }
}

/// A name and a version without where and of what it was built.
fn short(version: &str) -> String {
    let end = [" (", " built "].iter().filter_map(|word| version.find(word)).min();
    version[..end.unwrap_or(version.len())].trim().to_string()
}

/// A ChromeDriver drives the Chromium of its own version and no other.
fn fitted(mut items: Vec<Item>) -> Vec<Item> {
    let major = |need: Need| {
        let item = items.iter().find(|item| item.need == need)?;
        let text = item.version.as_deref()?;
        let number =
            text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        Some(number.split('.').next()?.to_string())
    };
    let (browser, driver) = (major(Need::Chromium), major(Need::Chromedriver));
    if let (Some(browser), Some(driver)) = (browser, driver)
        && browser != driver
    {
        let driver_item = items.iter_mut().find(|item| item.need == Need::Chromedriver);
        if let Some(item) = driver_item {
            item.unfit = Some(format!("it is for version {driver}, and Chromium is {browser}"));
        }
    }
    items
}

impl Item {
    fn is_missing(&self) -> bool {
        self.found.is_none() || self.unfit.is_some()
    }
}

fn missing(items: &[Item]) -> Vec<Need> {
    items.iter().filter(|item| item.is_missing()).map(|item| item.need).collect()
}

/// The report.
fn told(items: &[Item], manager: Option<Manager>) -> String {
    let mut text = String::new();
    for item in items {
        let mark = if item.is_missing() { "MISSING" } else { "ok" };
        let what = match (&item.version, &item.found) {
            (Some(version), Some(path)) => format!("{version}  {}", path.display()),
            (None, Some(path)) => path.display().to_string(),
            (_, None) => String::new(),
        };
        let line = format!("{mark:8} {:24} {what}", item.need.name());
        text.push_str(line.trim_end());
        text.push('\n');
        if item.is_missing() {
            if let Some(unfit) = &item.unfit {
                text.push_str(&format!("           what: {unfit}\n"));
            }
            text.push_str(&format!("           why:  {}\n", item.need.why()));
            text.push_str(&format!("           fix:  {}\n", packages::fix(item.need, manager)));
        }
    }
    let count = items.iter().filter(|item| item.is_missing()).count();
    text.push_str(&match count {
        0 if items.iter().any(|item| item.need == Need::Prometheus) => {
            "All that browser tests and the tests of Taster need is there.\n".to_string()
        }
        0 => "All that browser tests need is there.\n".to_string(),
        1 => "1 thing is missing: `taster doctor --install` gets it.\n".to_string(),
        count => format!("{count} things are missing: `taster doctor --install` gets them.\n"),
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(need: Need, version: Option<&str>) -> Item {
        let found = Some(PathBuf::from(format!("/usr/bin/{need:?}").to_lowercase()));
        Item { need, found, version: version.map(String::from), unfit: None }
    }

    fn absent(need: Need) -> Item {
        Item { need, found: None, version: None, unfit: None }
    }

    #[test]
    fn what_is_there_is_told_with_its_version() {
        let items = [
            there(Need::Chromium, Some("Chromium 156.0.8078.73")),
            there(Need::Chromedriver, Some("ChromeDriver 156.0.8078.73")),
            there(Need::Xvfb, None),
        ];
        assert_eq!(
            told(&fitted(items.to_vec()), None),
            "ok       Chromium                 Chromium 156.0.8078.73  /usr/bin/chromium\n\
             ok       ChromeDriver             ChromeDriver 156.0.8078.73  /usr/bin/chromedriver\n\
             ok       Xvfb                     /usr/bin/xvfb\n\
             All that browser tests need is there.\n"
        );
    }

    #[test]
    fn what_is_missing_is_told_with_its_fix() {
        let items = [absent(Need::Firefox), absent(Need::Geckodriver)];
        assert_eq!(
            told(&items, Some(Manager::Apt)),
            "MISSING  Firefox\n           \
             why:  the browser that tests in firefox run in\n           \
             fix:  apt-get install firefox-esr\n\
             MISSING  geckodriver\n           \
             why:  speaks WebDriver to Firefox; without it tests in firefox are not run\n\
             \x20          \
             fix:  cargo install --locked geckodriver\n\
             2 things are missing: `taster doctor --install` gets them.\n"
        );
    }

    #[test]
    fn versions_are_told_without_where_they_were_built() {
        for (told, kept) in [
            ("Chromium 156.0.1 built on Debian GNU/Linux 12 (bookworm)", "Chromium 156.0.1"),
            ("ChromeDriver 156.0.1 (7304-refs/heads@{#2244})", "ChromeDriver 156.0.1"),
            ("geckodriver 0.37.1", "geckodriver 0.37.1"),
        ] {
            assert_eq!(short(told), kept);
        }
    }

    #[test]
    fn a_driver_of_another_version_is_missing() {
        let items = fitted(vec![
            there(Need::Chromium, Some("Chromium 156.0.1")),
            there(Need::Chromedriver, Some("ChromeDriver 155.0.9 (abc-refs/branch@{#1})")),
        ]);
        assert_eq!(missing(&items), [Need::Chromedriver]);
        let text = told(&items, None);
        assert!(text.contains("what: it is for version 155, and Chromium is 156\n"), "{text}");
        assert!(text.contains("1 thing is missing"), "{text}");
    }
}
