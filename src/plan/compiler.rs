//! What all parts of building one scenario's plan share: its files, its names, the series it
//! counts, and the problems found on the way.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::SeriesKind;
use super::browse::Browsing;
use super::compile::{Fault, Trouble};
use super::files::Inputs;
use super::library::Library;
use super::template::Spelling;
use super::variables::Variables;
use super::{CODES, CheckPlan, Overrides, SeriesId, SeriesPlan, Site, Template};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, Severity, Spanned};
use crate::scenario::Scenario;

/// Builds the plan of one scenario.
pub(super) struct Compiler<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) overrides: &'a Overrides,
    pub(super) library: Library<'a>,
    pub(super) variables: Variables,
    pub(super) series: Vec<SeriesPlan>,
    pub(super) problems: Diagnostics,
    /// All steps that something walks.
    pub(super) walked: BTreeSet<StepKey>,
    /// The steps that are being used by name, outermost first, with their names.
    pub(super) using: Vec<(StepKey, String)>,
    /// How many nodes there are: names may multiply steps without end.
    pub(super) nodes: usize,
    /// Where the flow being compiled may do what.
    pub(super) flow: Flow,
    /// What `before-run` has captured when browsers begin.
    pub(super) of_run: Names,
    /// What holds for its browser steps.
    pub(super) browsing: Browsing,
    /// The hosts that requests go to, with whether any is only known while running.
    pub(super) hosts: BTreeSet<String>,
    pub(super) open_hosts: bool,
    /// What stands before the paths of each file, compiled once.
    pub(super) bases: BTreeMap<usize, String>,
}

/// Names of captures.
pub(super) type Names = BTreeSet<String>;

/// Which step: its file and where it begins there.
pub(super) type StepKey = (String, usize);

/// What holds for all steps of the flow being compiled.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flow {
    /// Whether a journey walks it.
    pub(super) journey: bool,
    /// Why it cannot have browser steps, and what to do about it; none if it can.
    pub(super) no_browser: Option<(&'static str, &'static str)>,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(
        inputs: &'a Inputs,
        overrides: &'a Overrides,
        scenario: &'a Scenario,
    ) -> Self {
        let mut problems = Vec::new();
        let library = Library::open(inputs, scenario, &mut problems);
        let variables = Variables::new(&library, overrides);
        Compiler {
            inputs,
            overrides,
            library,
            variables,
            series: Vec::new(),
            problems: Diagnostics { list: problems },
            walked: BTreeSet::new(),
            using: Vec::new(),
            nodes: 0,
            flow: Flow::default(),
            of_run: Names::new(),
            browsing: Browsing::default(),
            hosts: BTreeSet::new(),
            open_hosts: false,
            bases: BTreeMap::new(),
        }
    }

    /// The file that is being planned.
    pub(super) fn scenario(&self) -> &'a Scenario {
        self.library.files[0].scenario
    }

    /// The scenario's name: its file's where it has none.
    pub(super) fn scenario_name(&self) -> String {
        let scenario = self.scenario();
        let file = || scenario.file.name.clone();
        scenario.name.as_ref().map_or_else(file, |name| name.value.clone())
    }

    /// Notes a problem, once: a step that is used twice has its problems once.
    pub(super) fn problem(&mut self, problem: Diagnostic) {
        debug_assert!(is_known(problem.code), "{} is in no catalogue", problem.code);
        let same = |known: &Diagnostic| {
            known.code == problem.code
                && known.place == problem.place
                && (known.problem == problem.problem || known.severity == Severity::Warning)
        };
        if !self.problems.list.iter().any(same) {
            self.problems.push(problem);
        }
    }

    /// Compiles text.
    pub(super) fn template(&mut self, text: &Spanned<String>, spelling: Spelling) -> Template {
        let variables = &mut self.variables;
        let compiled =
            Template::compile(&text.value, spelling, &mut |name| variables.meaning(name));
        self.settle(compiled, &text.place)
    }

    /// Compiles a JSON value into JSON text.
    pub(super) fn json(&mut self, value: &Spanned<Value>) -> Template {
        let variables = &mut self.variables;
        let compiled = Template::compile_json(&value.value, &mut |name| variables.meaning(name));
        self.settle(compiled, &value.place)
    }

    /// The template, or its faults as problems and an empty one.
    pub(super) fn settle(
        &mut self,
        compiled: Result<Template, Vec<Fault>>,
        place: &Place,
    ) -> Template {
        match compiled {
            Ok(template) => template,
            Err(faults) => {
                for fault in faults {
                    let place = within(place, &fault.text);
                    self.problem(to_diagnostic(fault.trouble, &place));
                }
                Template::default()
            }
        }
    }

    /// The series of a step. Steps of one name count together where they are the same to a
    /// reader of numbers, in tags and checks; others of that name get a number behind it.
    pub(super) fn series(&mut self, step: NamedStep<'_>, checks: &[CheckPlan]) -> SeriesId {
        let checks: Vec<String> = checks.iter().map(|check| check.text.clone()).collect();
        let mut tags = step.tags;
        tags.retain(|(key, _)| key != "step" && key != "scenario");
        tags.push(("step".into(), step.name.clone()));
        tags.push(("scenario".into(), self.scenario_name()));
        let named = |series: &SeriesPlan| {
            series.tags.iter().any(|(key, value)| key == "step" && *value == step.name)
        };
        let kind = step.kind;
        let known = |series: &SeriesPlan| {
            series.tags == tags && series.checks == checks && series.kind == kind
        };
        if let Some(at) = self.series.iter().position(known) {
            self.series[at].measured |= self.flow.journey;
            return SeriesId(at as u16);
        }
        let name = match self.series.iter().filter(|series| named(series)).count() {
            0 => step.name,
            others => format!("{} ({})", step.name, others + 1),
        };
        let site = Site::from(step.place);
        if self.series.len() == usize::from(u16::MAX) {
            let problem = format!("a scenario can have {} different steps", u16::MAX);
            self.problem(Diagnostic::error("too-many-steps", problem, step.place, "one too many"));
            return SeriesId(0);
        }
        let measured = self.flow.journey;
        self.series.push(SeriesPlan { name, tags, checks, kind, measured, site });
        SeriesId((self.series.len() - 1) as u16)
    }
}

fn is_known(code: &str) -> bool {
    CODES.iter().chain(crate::scenario::CODES).any(|known| known.code == code)
}

/// A step as it is counted.
pub(super) struct NamedStep<'p> {
    pub(super) name: String,
    pub(super) tags: Vec<(String, String)>,
    pub(super) place: &'p Place,
    pub(super) kind: SeriesKind,
}

/// Draws a trouble at its place.
pub(super) fn to_diagnostic(trouble: Trouble, place: &Place) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: trouble.code,
        problem: trouble.problem,
        place: Some(place.clone()),
        label: trouble.label,
        related: trouble.related.map(|related| *related),
        help: trouble.help,
    }
}

/// The part of a place that an expression takes; the whole where YAML's quotes and escapes have
/// changed how it is written.
pub(super) fn within(place: &Place, expression: &str) -> Place {
    match place.text().find(expression) {
        Some(at) if !expression.is_empty() => {
            let start = place.span.start + at;
            Place::new(&place.file, start..start + expression.len())
        }
        _ => place.clone(),
    }
}
