//! Settles what the browsers of tests and journeys are like: `page` of the file, with that of
//! the test or the journey laid over it.

use serde_json::json;

use super::browse::Times;
use super::browser::{HarPlan, PagePlan, StateSource};
use super::compiler::Compiler;
use super::overlay::merged;
use super::template::Spelling;
use crate::diagnostic::Spanned;
use crate::scenario::{Har, Page};

impl Compiler<'_> {
    /// The page that these layers make, the lowest first.
    pub(super) fn page(&mut self, layers: &[&Page]) -> PagePlan {
        // A browser is opened before anything of its test is done.
        self.variables.scope.clone_from(&self.of_run);
        self.variables.flow = "in `page`".to_string();
        self.variables.step = "page".to_string();
        let mut plan = PagePlan::default();
        let mut headers = Vec::new();
        for layer in layers {
            self.emulate(&mut plan, layer);
            headers = merged(&headers, &layer.headers, str::eq_ignore_ascii_case);
            for stub in layer.stubs.iter().flatten() {
                let template = self.json(stub);
                let verb = Spanned::new("stub".to_string(), stub.place.clone());
                self.act(&verb, &template, &stub.place);
                plan.stubs.push(template);
            }
            if let Some(state) = &layer.state {
                plan.state = self.state(state, layer);
            }
            match &layer.har {
                Some(Har::Record(name)) => plan.har = Some(HarPlan::Record(name.value.clone())),
                Some(Har::Replay(file, others)) => {
                    let file = self.file_of_page(file);
                    plan.har = file.map(|file| HarPlan::Replay { file, others: *others });
                }
                None => {}
            }
            if let Some(attribute) = &layer.test_id {
                plan.test_id.clone_from(&attribute.value);
            }
            for (own, written) in [
                (&mut plan.timeout, &layer.timeout),
                (&mut plan.expect_timeout, &layer.expect_timeout),
                (&mut plan.navigation_timeout, &layer.navigation_timeout),
            ] {
                *own = written.as_ref().map_or(*own, |written| written.value);
            }
        }
        plan.headers = headers
            .iter()
            .map(|(name, value)| (name.value.to_lowercase(), self.template(value, Spelling::Plain)))
            .collect();
        plan
    }

    /// Lays what a layer says of the browser over it, a device before its single properties.
    fn emulate(&mut self, plan: &mut PagePlan, layer: &Page) {
        let device = |(key, _): &&(Spanned<String>, _)| key.value == "device";
        let entries = layer.emulation.iter();
        let ordered = entries.clone().filter(device).chain(entries.filter(|one| !device(one)));
        for (key, value) in ordered {
            let one = json!({ key.value.as_str(): value.value });
            if let Err(error) = plan.emulation.understand(&one) {
                self.unreadable(error, &value.place);
            }
        }
    }

    fn state(&mut self, state: &Spanned<String>, layer: &Page) -> Option<StateSource> {
        match layer.state_file() {
            Some(file) => self.file_of_page(file).map(StateSource::File),
            None => Some(StateSource::Named(state.value.clone())),
        }
    }

    fn file_of_page(&mut self, name: &Spanned<String>) -> Option<std::path::PathBuf> {
        match self.inputs.bytes(name) {
            Ok((_, path)) => Some(self.inputs.absolute(&path).into()),
            Err(problem) => {
                self.problem(*problem);
                None
            }
        }
    }
}

impl From<&PagePlan> for Times {
    fn from(page: &PagePlan) -> Self {
        Times {
            action: page.timeout,
            expect: page.expect_timeout,
            navigation: page.navigation_timeout,
        }
    }
}
