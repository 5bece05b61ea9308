//! Checks that each SLA is about something the journeys do: a bound on a step that nobody walks
//! would be met by silence.

use super::compiler::Compiler;
use super::library::quoted_list;
use super::{SeriesKind, SeriesPlan, Site, SlaPlan};
use crate::diagnostic::{Diagnostic, Spanned, nearest};
use crate::metric::Sla;

impl Compiler<'_> {
    /// The bounds of a load, each checked against the steps that its journeys walk.
    pub(super) fn slas(&mut self, slas: &[Spanned<Sla>]) -> Vec<SlaPlan> {
        for sla in slas {
            if let Some(problem) = self.sla_problem(sla) {
                self.problem(problem);
            }
        }
        let plan =
            |sla: &Spanned<Sla>| SlaPlan { sla: sla.value.clone(), site: Site::from(&sla.place) };
        slas.iter().map(plan).collect()
    }

    fn sla_problem(&self, sla: &Spanned<Sla>) -> Option<Diagnostic> {
        let vital = sla.value.metric.web_vital();
        let of_step = |(key, _): &&(String, String)| key == "step";
        if let Some((_, step)) = sla.value.tags.iter().find(of_step).filter(|_| vital.is_some()) {
            let problem = format!("a web vital is one of pages, not of the step `{step}`");
            return Some(
                Diagnostic::error("sla-without-step", problem, &sla.place, "this SLA")
                    .help("leave the step out, or bound browser_step_duration of it"),
            );
        }
        let meant = |one: &&SeriesPlan| {
            one.measured && matches!(one.kind, SeriesKind::WebVital(_)) == vital.is_some()
        };
        let walked: Vec<&SeriesPlan> = self.series.iter().filter(meant).collect();
        if let Some(wanted) = sla.value.metric.of_browser()
            && self.series.iter().any(|one| one.measured)
            && walked.iter().all(|one| in_browser(one) != wanted)
        {
            return Some(of_no_step(sla, wanted));
        }
        let wanted = &sla.value.tags;
        let wrong = wanted.iter().find(|tag| walked.iter().all(|one| !one.tags.contains(tag)));
        match wrong {
            Some((key, value)) if key == "step" => Some(self.unwalked(sla, value, &walked)),
            Some((key, value)) => Some(unknown_tag(sla, (key, value), &walked)),
            None => {
                let all = |one: &&SeriesPlan| wanted.iter().all(|tag| one.tags.contains(tag));
                if wanted.is_empty() || walked.iter().any(all) {
                    return None;
                }
                let problem = "no step of the journey has all of these tags";
                Some(
                    Diagnostic::error("sla-without-step", problem, &sla.place, "this SLA")
                        .help("an SLA is about the steps that have every tag it names"),
                )
            }
        }
    }

    fn unwalked(&self, sla: &Spanned<Sla>, step: &str, walked: &[&SeriesPlan]) -> Diagnostic {
        let names: Vec<&str> = walked.iter().map(|one| step_of(one)).collect();
        let elsewhere = self.series.iter().find(|one| step_of(one) == step);
        let problem = match elsewhere {
            Some(_) => format!("no journey walks the step `{step}`"),
            None => format!("there is no step `{step}`"),
        };
        let diagnostic = Diagnostic::error("sla-without-step", problem, &sla.place, "this SLA");
        match nearest(step, names.iter().copied()) {
            Some(near) if elsewhere.is_none() => diagnostic.help(format!("did you mean `{near}`?")),
            _ => diagnostic.help(format!("the journey walks {}", quoted_list(&names))),
        }
    }
}

fn in_browser(series: &SeriesPlan) -> bool {
    series.tags.iter().any(|(key, _)| key == "browser")
}

/// A bound on browser steps where there are none, or on requests where there are none.
fn of_no_step(sla: &Spanned<Sla>, browser: bool) -> Diagnostic {
    let (problem, help) = match browser {
        true => ("no journey has a browser step", "say `browser: chromium` and use it"),
        false => (
            "no journey makes a request itself",
            "bound browser_step_duration, browser_step_failed or a browser_web_vital_ instead",
        ),
    };
    Diagnostic::error("sla-without-step", problem, &sla.place, "this SLA").help(help)
}

fn step_of(series: &SeriesPlan) -> &str {
    let tag = series.tags.iter().find(|(key, _)| key == "step");
    tag.map_or(&series.name, |(_, value)| value)
}

fn unknown_tag(
    sla: &Spanned<Sla>,
    (key, value): (&str, &str),
    walked: &[&SeriesPlan],
) -> Diagnostic {
    let tags = || walked.iter().flat_map(|one| &one.tags);
    let values: Vec<&str> =
        tags().filter(|(known, _)| known == key).map(|(_, value)| value.as_str()).collect();
    let keys: Vec<&str> = tags().map(|(key, _)| key.as_str()).collect();
    let (problem, word, known) = if values.is_empty() {
        (format!("no step of the journey has a tag `{key}`"), key, keys)
    } else {
        (format!("no step of the journey has the tag `{key}: {value}`"), value, values)
    };
    let diagnostic = Diagnostic::error("unknown-tag", problem, &sla.place, "this SLA");
    match nearest(word, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("there are {}", quoted_list(&known))),
    }
}
