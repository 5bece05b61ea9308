//! Gives tests and users their browsers, and takes down what these saw.

use crate::driver::Session;
use crate::driver::browser::{Browsers, Engine, Launch, Record, Settings};
use crate::executor::{KeepTraces, Options};
use crate::plan::{PagePlan, Plan};
use crate::result::{BrowserInfo, SeenSample};
use crate::sample::{Exemplar, Failure};

/// The browsers of a run; none is started yet.
pub(super) fn browsers(plan: &Plan, options: &Options) -> Browsers {
    let tests = &options.tests;
    let launch =
        Launch { headed: tests.headed, remote: tests.webdriver.clone(), ..options.launch.clone() };
    let settings = Settings {
        glances: tests.traces != KeepTraces::Never,
        thumbnails: tests.traces == KeepTraces::Always,
        updates_pictures: tests.update_screenshots,
        target: plan.target.clone(),
    };
    Browsers::new(launch, settings)
}

/// The same for users under load: they leave no traces.
pub(super) fn for_load(browsers: &Browsers) -> Browsers {
    let settings = Settings { glances: false, thumbnails: false, ..browsers.settings().clone() };
    browsers.beside(settings)
}

/// The browsers that were driven.
pub(super) fn infos(browsers: &Browsers) -> Vec<BrowserInfo> {
    let versions = browsers.versions().into_iter();
    versions.map(|(engine, version)| BrowserInfo { engine: engine.to_string(), version }).collect()
}

/// Opens the browser of a test or a user, if it has one.
///
/// # Errors
/// With why there is none.
pub(super) async fn open(
    session: &mut Session,
    engine: Option<&str>,
    page: &PagePlan,
) -> Result<(), Box<Exemplar>> {
    match engine.map(|name| (name, Engine::named(name))) {
        None => Ok(()),
        Some((_, Some(engine))) => session.open_browser(engine, page).await,
        Some((name, None)) => Err(Box::new(Exemplar {
            failure: Failure::Unsupported,
            message: format!("there is no browser engine `{name}`"),
            site: Default::default(),
            request: String::new(),
            response: None,
        })),
    }
}

/// The web vitals of a record as samples: `cls`, which has no unit, counts a millisecond for
/// each 1.
pub(super) fn vital_samples(record: &Record) -> impl Iterator<Item = SeenSample> {
    record.vitals.iter().map(|vital| SeenSample {
        step: path_of(&vital.url),
        vital: Some(vital.name.to_string()),
        took_us: (vital.value * 1_000.0).max(0.0) as u64,
        failed: false,
    })
}

/// The path of a URL, with ids in it made alike, so that pages of one kind are one row.
fn path_of(url: &str) -> String {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.find('/').map_or("/", |at| &path[at..]);
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let id = |part: &str| {
        let digits = part.chars().filter(char::is_ascii_digit).count();
        part.len() >= 8 && digits >= 4 || (!part.is_empty() && digits == part.len())
    };
    let parts = path.split('/').map(|part| if id(part) { "{id}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_differ_in_an_id_alone_are_one_row() {
        let id = "http://h:1/meals/0198c1f2-5f0e-7b4e-9d0a-1c2d3e4f5a6b/edit?x=1#y";
        assert_eq!(path_of(id), "/meals/{id}/edit");
        assert_eq!(path_of("http://h/orders/17"), "/orders/{id}");
        assert_eq!(path_of("http://h"), "/");
        assert_eq!(path_of("http://h/recommendations"), "/recommendations");
    }
}
