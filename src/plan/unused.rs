//! Finds what is declared and never used: often the other half of a mistyped name.

use super::compiler::{Compiler, Flow};
use super::flow::key_of;
use crate::diagnostic::{Diagnostic, Spanned};
use crate::scenario::{Scenario, Step};

impl Compiler<'_> {
    /// Steps that exist only to be used, and are not. They are compiled too, so that what is
    /// wrong in them is found before somebody does use them.
    pub(super) fn unused_steps(&mut self, scenario: &Scenario) {
        let of_others = scenario.tests.is_empty() && scenario.load.is_none();
        let walked = self.walked.clone();
        let unused: Vec<&Step> =
            scenario.steps.iter().filter(|step| !walked.contains(&key_of(step))).collect();
        let all: Vec<Step> = super::files::all_steps(scenario).into_iter().cloned().collect();
        let scope = self.captured(&all);
        for step in unused {
            let flow = Flow::default();
            let series = self.series.len();
            self.walk(std::slice::from_ref(step), "in `steps`", &scope, (flow, None));
            self.series.truncate(series);
            if !of_others {
                let place = step.name.as_ref().map_or(&step.place, |name| &name.place);
                let problem = match &step.name {
                    Some(name) => format!("the step `{}` is never used", name.value),
                    None => "this step has no name, so nothing can use it".to_string(),
                };
                self.problem(
                    Diagnostic::warning("unused-step", problem, place, "defined here")
                        .help("name it in a test or a journey, or remove it"),
                );
            }
        }
    }

    /// Vars, secrets and data that no template names.
    pub(super) fn unused_names(&mut self, scenario: &Scenario) {
        if scenario.tests.is_empty() && scenario.load.is_none() {
            return;
        }
        let variables = &self.variables;
        let mut unused: Vec<(&str, &Spanned<String>)> = Vec::new();
        let vars = scenario.vars.iter().map(|(name, _)| name);
        unused.extend(vars.filter_map(|name| {
            variables.vars.get(&name.value).filter(|var| !var.used).map(|_| ("var", name))
        }));
        unused.extend(scenario.secrets.iter().filter_map(|name| {
            let secret = variables.secrets.get(&name.value)?;
            secret.users.is_empty().then_some(("secret", name))
        }));
        unused.extend(scenario.data.iter().filter_map(|feed| {
            let names = variables.feeds.get(&feed.name.value)?;
            (!names.used).then_some(("data", &feed.name))
        }));
        let problems: Vec<Diagnostic> = unused
            .into_iter()
            .map(|(what, name)| {
                let problem = format!("the {what} `{}` is never used", name.value);
                let code = match what {
                    "var" => "unused-var",
                    "secret" => "unused-secret",
                    _ => "unused-data",
                };
                Diagnostic::warning(code, problem, &name.place, "declared here")
                    .help("use it in a template, or remove it")
            })
            .collect();
        problems.into_iter().for_each(|problem| self.problem(problem));
    }
}
