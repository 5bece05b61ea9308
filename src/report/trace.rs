//! Draws one attempt of a browser test as a page that needs no network and no script.

mod rows;

use minijinja::value::Serde;
use minijinja::{Value, context};

use super::foreign::{block, line, picture};
use super::html::environment;
use super::rows::{NAME, failure};
use crate::analysis::flake::Cause;
use crate::analysis::green::Difference;
use crate::result::TestStatus;
use crate::result::evidence::TracePage;
use crate::result::trace::Trace;
use crate::units::show_percent;
use rows::{Scale, lines, messages, requests, steps, why};

const TEMPLATE: &str = include_str!("trace.j2");

/// Lines of an ARIA tree, and names of stored values, that are shown.
const SHOWN: (usize, usize) = (600, 100);

/// What is drawn on one page.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    /// The attempt.
    pub trace: &'a Trace,
    /// Why it failed, likeliest first.
    pub causes: &'a [Cause],
    /// What differs from when it passed, and what that is called.
    pub difference: Option<(&'a Difference, &'a str)>,
    /// The pages of all attempts of the test.
    pub attempts: &'a [TracePage],
}

/// The page's text.
pub fn trace_page(sheet: &Sheet<'_>) -> String {
    let trace = sheet.trace;
    let environment = environment();
    let template =
        environment.template_from_str(TEMPLATE).expect("the template is a part of the program");
    let scale = Scale::of(trace);
    let last = trace.last.as_ref();
    let failed = trace.failed_step();
    let told = trace.failure.as_ref().map(|one| failure(one, None));
    let context = context! {
        word => word(trace.status),
        class => class(trace.status),
        test => line(&trace.test, NAME),
        scenario => line(&trace.scenario, NAME),
        version => line(&trace.version, NAME),
        attempt => trace.attempt,
        took => rows::ms(trace.duration_ms as f64),
        place => line(&trace.place, 240),
        starved => trace.starved.map(show_percent),
        others => others(sheet),
        crash => trace.crash.as_deref().map(|text| line(text, 400)),
        failure => told.as_ref().map(|one| Value::from(Serde(one))),
        step => failed.map(|(_, step)| line(&step.name, NAME)),
        why => failed.map(|(_, step)| Value::from(Serde(why(step)))),
        causes => causes(sheet),
        steps => Value::from(Serde(steps(trace, &scale))),
        marks => Value::from(Serde(scale.marks())),
        thumbnails => trace.steps.iter().any(|step| step.thumbnail.is_some()),
        requests => Value::from(Serde(requests(trace, &scale))),
        messages => Value::from(Serde(messages(trace))),
        page => last.map(|last| context! {
            url => line(&last.url, 300),
            title => line(&last.title, NAME),
            screenshot => picture(last.screenshot.as_deref()),
            aria => block(&last.aria, SHOWN.0),
            kept => last.kept.iter().take(SHOWN.1).map(|name| line(name, 200)).collect::<Vec<_>>(),
            kept_more => last.kept.len().saturating_sub(SHOWN.1),
        }),
        difference => difference(sheet),
    };
    template.render(context).expect("the template uses what it is given")
}

fn word(status: TestStatus) -> String {
    status.name().to_uppercase()
}

fn class(status: TestStatus) -> &'static str {
    match status {
        TestStatus::Passed => "pass",
        TestStatus::Failed => "fail",
        TestStatus::Flaky | TestStatus::Unsupported | TestStatus::NotRun => "inconclusive",
        TestStatus::Skipped => "notice",
    }
}

/// Links to the other attempts, whose pages lie beside this one.
fn others(sheet: &Sheet<'_>) -> Vec<Value> {
    let others = sheet.attempts.iter().filter(|page| page.attempt != sheet.trace.attempt);
    let link = |page: &TracePage| {
        context! {
            attempt => page.attempt,
            word => page.status.name(),
            class => class(page.status),
            file => page.file.rsplit('/').next(),
        }
    };
    others.map(link).collect()
}

fn causes(sheet: &Sheet<'_>) -> Vec<String> {
    sheet.causes.iter().map(|cause| line(&cause.text, 900)).collect()
}

fn difference(sheet: &Sheet<'_>) -> Option<Value> {
    let (found, called) = sheet.difference?;
    let changes = found.requests.iter().take(40);
    let requests: Vec<Value> = changes
        .map(|one| context! { request => line(&one.request, 200), text => line(&one.text, 300) })
        .collect();
    let steps: Vec<Value> = found
        .steps
        .iter()
        .map(|one| {
            context! {
                step => line(&one.step, NAME),
                before => rows::ms(one.before_ms),
                now => rows::ms(one.now_ms),
            }
        })
        .collect();
    let screen = found.screen.as_ref().map(|screen| {
        context! { text => line(&screen.text, 300), picture => picture(screen.picture.as_deref()) }
    });
    Some(context! {
        called => called,
        none => found.is_empty() && found.elsewhere.is_none(),
        requests => requests,
        more => found.requests.len().saturating_sub(40),
        tree => Value::from(Serde(lines(&found.tree))),
        console => Value::from(Serde(lines(&found.console))),
        steps => steps,
        screen => screen,
        elsewhere => found.elsewhere.as_deref().map(|text| line(text, 300)),
    })
}
