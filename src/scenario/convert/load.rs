//! The load section: journeys and SLAs; profiles have a file of their own.

use std::collections::HashMap;
use std::time::Duration;

use super::super::check::misspelt;
use super::super::grammar::form::Misspelt;
use super::super::problems::Problems;
use super::super::yaml::{Entry, Node};
use super::super::{Journey, Load, Page};
use super::page::page;
use super::profile::profile;
use super::step::steps;
use super::{boolean, field, field_duration, field_text, items, key, no_name_twice};
use crate::diagnostic::Spanned;
use crate::metric::{Sla, parse_bound, parse_selector};

/// `load`.
pub(super) fn load(node: &Node, problems: &mut Problems) -> Option<Load> {
    let entries = node.entries()?;
    let journeys = journeys(node, problems);
    let profiles = node.get("profiles").and_then(Node::entries).unwrap_or_default();
    let profiles: Vec<_> = profiles
        .iter()
        .filter_map(|entry| Some((key(&entry.key, problems), profile(entry, problems)?)))
        .collect();
    if node.get("profiles").and_then(Node::entries).is_some_and(<[Entry]>::is_empty) {
        let at = entries.iter().find(|entry| entry.key.text == "profiles");
        let help = "add one, such as `smoke: { users: 2, duration: 10s }`";
        let span = at.map_or(node.span.clone(), |entry| entry.key.span.clone());
        let problem = "`profiles` is empty";
        problems.error("empty-value", span, problem, "nothing in it").help(help);
    }
    let sla = slas(node.get("sla"), problems);
    no_sla_twice(&sla, problems);
    Some(Load {
        place: problems.place(node.span.clone()),
        journeys,
        page: page(node.get("page"), problems),
        think: field(node, "think", problems),
        profiles,
        sla,
    })
}

fn journeys(node: &Node, problems: &mut Problems) -> Vec<Journey> {
    let entries = node.entries().unwrap_or_default();
    if let Some(entry) = entries.iter().find(|entry| entry.key.text == "journey") {
        let (name, one) = ("journey".to_string(), entry.key.span.clone());
        return vec![Journey {
            name: problems.spanned(name, one.clone()),
            weight: problems.spanned(1, one),
            browser: field_text(node, "browser", problems),
            page: Page::default(),
            steps: steps(Some(&entry.value), problems),
        }];
    }
    let Some(list) = node.get("journeys") else {
        let help = "add `journey: [step name, ...]`, or several as `journeys:`";
        let problem = "the `load` section needs the key `journey` or `journeys`";
        let span = node.span.clone();
        problems.error("missing-key", span, problem, "has no journey").help(help);
        return Vec::new();
    };
    let mut journeys: Vec<Journey> =
        items(Some(list)).iter().filter_map(|node| journey(node, problems)).collect();
    let browser = field_text(node, "browser", problems);
    journeys.iter_mut().filter(|journey| journey.browser.is_none()).for_each(|journey| {
        journey.browser.clone_from(&browser);
    });
    let names: Vec<_> = journeys.iter().map(|journey| &journey.name).collect();
    no_name_twice(&names, "duplicate-name", problems);
    journeys
}

fn journey(node: &Node, problems: &mut Problems) -> Option<Journey> {
    let name = field_text(node, "journey", problems)?;
    let one = Spanned::new(1, name.place.clone());
    let weight = field(node, "weight", problems).unwrap_or(one);
    Some(Journey {
        name,
        weight,
        browser: field_text(node, "browser", problems),
        page: page(node.get("page"), problems),
        steps: steps(node.get("steps"), problems),
    })
}

/// SLAs as a list of ours, or as k6's own map.
fn slas(node: Option<&Node>, problems: &mut Problems) -> Vec<Spanned<Sla>> {
    let Some(node) = node else { return Vec::new() };
    if let Some(entries) = node.entries() {
        return entries.iter().flat_map(|entry| thresholds(entry, problems)).collect();
    }
    items(Some(node)).iter().filter_map(|node| sla(node, problems)).collect()
}

fn sla(node: &Node, problems: &mut Problems) -> Option<Spanned<Sla>> {
    let written = node.get("sla").unwrap_or(node);
    let mut sla: Sla = written.scalar()?.text.text.parse().ok()?;
    aborting(&mut sla, node, ["abort-on-fail", "delay"], problems);
    Some(problems.spanned(sla, written.span.clone()))
}

fn thresholds(entry: &Entry, problems: &mut Problems) -> Vec<Spanned<Sla>> {
    let Ok((metric, tags)) = parse_selector(&entry.key.text) else { return Vec::new() };
    let mut slas = Vec::new();
    for node in items(Some(&entry.value)) {
        let written = node.get("threshold").unwrap_or(node);
        let Some(scalar) = written.scalar() else { continue };
        let text = scalar.text.text.as_str();
        let (aggregate, operator, bound) = match parse_bound(metric, text) {
            Ok(bound) => bound,
            Err(error) => {
                misspelt(Misspelt::metric(text, error), &scalar.text, problems);
                continue;
            }
        };
        let (abort_on_fail, delay_abort) = (false, Duration::ZERO);
        let tags = tags.clone();
        let mut sla = Sla { metric, tags, aggregate, operator, bound, abort_on_fail, delay_abort };
        aborting(&mut sla, node, ["abortOnFail", "delayAbortEval"], problems);
        slas.push(problems.spanned(sla, written.span.clone()));
    }
    slas
}

/// Whether it ends the run, and when it may.
fn aborting(sla: &mut Sla, node: &Node, keys: [&str; 2], problems: &mut Problems) {
    let [abort_key, delay_key] = keys;
    sla.abort_on_fail = node.get(abort_key).and_then(boolean).unwrap_or(false);
    let Some(delay) = field_duration(node, delay_key, problems) else { return };
    sla.delay_abort = delay.value;
    if !sla.abort_on_fail {
        let problem = format!("`{delay_key}` means nothing without `{abort_key}: true`");
        let label = "nothing is delayed";
        let help = format!("add `{abort_key}: true`, or leave it out");
        problems.warning("delay-without-abort", delay.place.span, problem, label).help(help);
    }
}

fn no_sla_twice(slas: &[Spanned<Sla>], problems: &mut Problems) {
    let mut seen: HashMap<String, &Spanned<Sla>> = HashMap::new();
    for sla in slas {
        let text = sla.value.to_string();
        if let Some(first) = seen.get(&text) {
            problems
                .duplicate(
                    "duplicate-sla",
                    sla.place.span.clone(),
                    format!("the SLA `{text}` is given twice"),
                    first.place.span.clone(),
                )
                .help("keep one of them");
            continue;
        }
        seen.insert(text, sla);
    }
}
