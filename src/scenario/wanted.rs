//! Names the files that a scenario needs, for whoever reads files.

use crate::diagnostic::Spanned;

use super::{Action, Body, Har, HttpStep, Part, Scenario, Step};

/// A file that a scenario needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// What it is.
    pub kind: WantedKind,
    /// Its name, relative to the scenario file.
    pub path: Spanned<String>,
}

/// What a file is to a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedKind {
    /// Another scenario file: text.
    Include,
    /// Rows: text.
    Csv,
    /// A request's body: bytes.
    Body,
    /// A file of a multipart body: bytes.
    Part,
    /// A certificate authority, PEM: bytes.
    Ca,
    /// A JSON Schema: text.
    Schema,
    /// A file that a browser uploads: bytes.
    Upload,
    /// A HAR that answers requests: text.
    Har,
    /// Cookies and storages that a browser begins with, JSON: text.
    State,
}

impl Scenario {
    /// Every file this one needs, in the order of the file; one that is needed twice is there
    /// twice. Those of included files are theirs to name.
    pub fn wanted_files(&self) -> Vec<Wanted> {
        let mut wanted: Vec<Wanted> = Vec::new();
        let mut add = |kind, path: &Spanned<String>| {
            wanted.push(Wanted { kind, path: path.clone() });
        };
        self.include.iter().for_each(|path| add(WantedKind::Include, path));
        self.data.iter().for_each(|feed| add(WantedKind::Csv, &feed.csv));
        self.http.ca.iter().for_each(|path| add(WantedKind::Ca, path));
        let loads = self.load.iter();
        let pages = loads.clone().flat_map(|load| &load.journeys).map(|journey| &journey.page);
        let pages = pages.chain(loads.map(|load| &load.page)).chain([&self.page]);
        for page in pages.chain(self.tests.iter().map(|test| &test.page)) {
            page.state_file().iter().for_each(|path| add(WantedKind::State, path));
            if let Some(Har::Replay(path, _)) = &page.har {
                add(WantedKind::Har, path);
            }
        }
        for steps in self.step_lists() {
            of_steps(steps, &mut add);
        }
        wanted.sort_by_key(|one| one.path.place.span.start);
        wanted
    }

    /// Every list of steps in the file.
    fn step_lists(&self) -> impl Iterator<Item = &[Step]> {
        let hooks = &self.hooks;
        let lists = [
            &hooks.before_run,
            &hooks.after_run,
            &hooks.before_each,
            &hooks.after_each,
            &hooks.before_test,
            &hooks.after_test,
            &hooks.before_user,
            &hooks.after_user,
            &self.steps,
        ];
        let journeys = self.load.iter().flat_map(|load| &load.journeys);
        let lists = lists.into_iter().chain(self.tests.iter().map(|test| &test.steps));
        lists.chain(journeys.map(|journey| &journey.steps)).map(Vec::as_slice)
    }
}

fn of_steps(steps: &[Step], add: &mut impl FnMut(WantedKind, &Spanned<String>)) {
    for step in steps {
        match &step.action {
            Action::Http(http) | Action::Use(_, http) => of_request(http, add),
            Action::Group(steps) => of_steps(steps, add),
            Action::Browser(browser) => {
                browser.files.iter().for_each(|path| add(WantedKind::Upload, path));
            }
            Action::Pause(_) => {}
        }
    }
}

fn of_request(http: &HttpStep, add: &mut impl FnMut(WantedKind, &Spanned<String>)) {
    match &http.body {
        Some(Body::File(path)) => add(WantedKind::Body, path),
        Some(Body::Multipart(parts)) => {
            for (_, part) in parts {
                if let Part::File { file, .. } = part {
                    add(WantedKind::Part, file);
                }
            }
        }
        _ => {}
    }
    http.expect.schema_file.iter().for_each(|path| add(WantedKind::Schema, path));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;

    #[test]
    fn every_file_is_named_in_the_order_of_the_scenario() {
        let text = "
name: a
include: [lib.yaml]
data: { users: { csv: users.csv } }
http: { tls: { ca: ca.pem } }
before-each:
  - { post: /a, body-file: a.xml }
tests:
  - name: b
    steps:
      - group: c
        steps:
          - { post: /b, multipart: { d: { file: d.png }, e: text } }
          - { get: /c, expect: { schema: e.json } }
          - { use: f, body-file: g.xml }
";
        let (scenario, _) = crate::scenario::parse(&SourceFile::new("a.yaml", text)).unwrap();
        let wanted = scenario.wanted_files();
        let paths: Vec<&str> = wanted.iter().map(|one| one.path.value.as_str()).collect();
        let all = ["lib.yaml", "users.csv", "ca.pem", "a.xml", "d.png", "e.json", "g.xml"];
        assert_eq!(paths, all);
        assert_eq!(wanted[5].kind, WantedKind::Schema);
    }
}
