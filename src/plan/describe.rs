//! Puts a plan into words: what `taster plan` prints.

use std::fmt::Write as _;
use std::time::Duration;

use super::{
    ActionPlan, Arrivals, FeedPlan, LoadPlan, Node, PagePlan, Plan, Population, ScenarioPlan,
    ShapePlan, Spacing, TestPlan,
};
use crate::scenario::{AtEnd, Pick};
use crate::units::{Rate, show_count, write_duration};

impl Plan {
    /// What a run of this plan would do, for a reader; ends with a line end.
    pub fn describe(&self) -> String {
        let mut text = format!("target {}\n", self.target);
        for scenario in &self.scenarios {
            text.push('\n');
            describe_scenario(scenario, &mut text);
        }
        text.push('\n');
        line(&mut text, 0, &format!("hosts contacted: {}", self.hosts_in_words()));
        line(&mut text, 0, &self.time_in_words());
        text
    }

    fn hosts_in_words(&self) -> String {
        let known = if self.hosts.is_empty() { "none".into() } else { self.hosts.join(", ") };
        let open =
            if self.open_hosts { ", and where captured links and data rows lead" } else { "" };
        format!("{known}{open}")
    }

    fn time_in_words(&self) -> String {
        let loads = || self.scenarios.iter().filter_map(|scenario| scenario.load.as_ref());
        let Some(longest) = loads().map(|load| load.start_after + load.shape.duration()).max()
        else {
            return "time: no load".to_string();
        };
        let ends = |load: &LoadPlan| load.start_after + load.shape.duration() + load.graceful_stop;
        let last = loads().map(ends).max().unwrap_or(longest);
        let exact = loads().all(|load| load.shape.takes_its_time());
        let at_most = if exact { "" } else { "at most " };
        format!(
            "time: {at_most}{} of load, and at most {} with iterations that end late",
            write_duration(longest),
            write_duration(last)
        )
    }
}

impl ShapePlan {
    /// How long it lasts, or may last.
    pub fn duration(&self) -> Duration {
        match self {
            ShapePlan::Closed(population) => population.duration(),
            ShapePlan::PerUser { max_duration, .. } | ShapePlan::Shared { max_duration, .. } => {
                *max_duration
            }
            ShapePlan::Open { arrivals, .. } => arrivals.duration(),
        }
    }

    /// The most virtual users there can be at any time.
    pub fn peak_users(&self) -> u32 {
        match self {
            ShapePlan::Closed(population) => population.max(),
            ShapePlan::PerUser { users, .. } | ShapePlan::Shared { users, .. } => *users,
            ShapePlan::Open { max_users, .. } => *max_users,
        }
    }

    /// How many iterations there will be, where the shape alone says so.
    pub fn iterations(&self) -> Option<u64> {
        match self {
            ShapePlan::Closed(_) => None,
            ShapePlan::PerUser { users, iterations, .. } => {
                Some(u64::from(*users).saturating_mul(*iterations))
            }
            ShapePlan::Shared { iterations, .. } => Some(*iterations),
            ShapePlan::Open { arrivals, .. } => Some(arrivals.count()),
        }
    }

    fn takes_its_time(&self) -> bool {
        matches!(self, ShapePlan::Closed(_) | ShapePlan::Open { .. })
    }
}

fn line(text: &mut String, depth: usize, words: &str) {
    writeln!(text, "{:1$}{words}", "", depth * 2).expect("writing to a String cannot fail");
}

fn describe_scenario(scenario: &ScenarioPlan, text: &mut String) {
    line(text, 0, &format!("{} ({}, {})", scenario.name, scenario.file, &scenario.digest[..12]));
    line(text, 1, &format!("http: {}", scenario.connection));
    for feed in &scenario.feeds {
        line(text, 1, &feed_in_words(feed));
    }
    if !scenario.tests.is_empty() {
        line(text, 1, &tests_in_words(scenario));
    }
    // One test in several engines is one line.
    for tests in scenario.tests.chunk_by(|one, next| one.name == next.name) {
        describe_test(scenario, tests, text);
    }
    if let Some(load) = &scenario.load {
        describe_load(load, text);
    }
}

fn feed_in_words(feed: &FeedPlan) -> String {
    let pick = match feed.pick {
        Pick::InOrder => "each iteration takes the next",
        Pick::Random => "each iteration takes any",
        Pick::Each => "one for each user and test",
    };
    let end = match (feed.pick, feed.at_end) {
        (Pick::Random, _) => "",
        (_, AtEnd::Wrap) => ", then from the first again",
        (_, AtEnd::Stop) => ", then stop",
    };
    format!("data {}: {}, {pick}{end}", feed.name, counted(feed.rows.len(), "row"))
}

fn tests_in_words(scenario: &ScenarioPlan) -> String {
    let mut names: Vec<&str> = scenario.tests.iter().map(|test| test.name.as_str()).collect();
    names.dedup();
    match scenario.tests_written {
        written if written == names.len() => counted(written, "test"),
        written => format!("{} of {}", names.len(), counted(written, "test")),
    }
}

/// A test, once for all of its engines.
fn describe_test(scenario: &ScenarioPlan, tests: &[TestPlan], text: &mut String) {
    let [test, ..] = tests else { return };
    let mut words = format!("{}: {}", test.name, counted(steps_of(&test.steps), "step"));
    let engines: Vec<&str> = tests.iter().filter_map(|test| test.browser.as_deref()).collect();
    words.push_str(&in_engines(&engines));
    if !test.tags.is_empty() {
        write!(words, " [{}]", test.tags.join(", ")).expect("writing to a String cannot fail");
    }
    if let Some(reason) = &test.skip {
        write!(words, ", skipped: {reason}").expect("writing to a String cannot fail");
    }
    if let Some(needing) = &test.needed_by {
        write!(words, ", because `{needing}` needs it").expect("writing to a String cannot fail");
    }
    line(text, 2, &words);
    if !test.needs.is_empty() {
        let named = |need: &usize| Some(format!("`{}`", scenario.tests.get(*need)?.name));
        let needs: Vec<String> = test.needs.iter().filter_map(named).collect();
        line(text, 3, &format!("after {}", needs.join(", ")));
    }
    if test.browser.is_some() {
        describe_page(&test.page, 3, text);
        describe_nodes(&test.steps, 3, text);
    }
}

fn in_engines(engines: &[&str]) -> String {
    match engines.split_last() {
        None => String::new(),
        Some((one, [])) => format!(" in {one}"),
        Some((last, others)) => format!(" in {} and {last}", others.join(", ")),
    }
}

fn describe_page(page: &PagePlan, depth: usize, text: &mut String) {
    let words = page.in_words();
    if !words.is_empty() {
        line(text, depth, &format!("page: {}", words.join(", ")));
    }
}

fn describe_load(load: &LoadPlan, text: &mut String) {
    line(text, 1, &format!("load `{}`: {}", load.profile, shape_in_words(load)));
    let peak = counted(load.shape.peak_users() as usize, "user");
    let iterations = match load.shape.iterations() {
        Some(count) => format!("{} iterations", show_count(count)),
        None => "as many iterations as the target allows".to_string(),
    };
    line(text, 2, &format!("at most {peak}, {iterations}"));
    let weights: u64 = load.journeys.iter().map(|journey| u64::from(journey.weight)).sum();
    for journey in &load.journeys {
        let share = match load.journeys.len() {
            1 => String::new(),
            _ => format!(", {} of {weights} iterations", journey.weight),
        };
        let steps = counted(steps_of(&journey.steps), "step");
        let engine: Vec<&str> = journey.browser.as_deref().into_iter().collect();
        let engine = in_engines(&engine);
        line(text, 2, &format!("journey `{}`: {steps}{engine}{share}", journey.name));
        if journey.browser.is_some() {
            describe_page(&journey.page, 3, text);
        }
        describe_nodes(&journey.steps, 3, text);
    }
    for sla in &load.slas {
        let abort = if sla.sla.abort_on_fail { ", or the run ends" } else { "" };
        line(text, 2, &format!("SLA {}{abort}", sla.sla));
    }
}

fn shape_in_words(load: &LoadPlan) -> String {
    let shape = match &load.shape {
        ShapePlan::Closed(population) => population_in_words(population),
        ShapePlan::PerUser { users, iterations, max_duration } => format!(
            "{}, {iterations} iterations each, {} at most",
            counted(*users as usize, "user"),
            write_duration(*max_duration)
        ),
        ShapePlan::Shared { users, iterations, max_duration } => format!(
            "{} sharing {iterations} iterations, {} at most",
            counted(*users as usize, "user"),
            write_duration(*max_duration)
        ),
        ShapePlan::Open { arrivals, .. } => arrivals_in_words(arrivals),
    };
    match load.start_after {
        Duration::ZERO => shape,
        delay => format!("{shape}, after {}", write_duration(delay)),
    }
}

fn population_in_words(population: &Population) -> String {
    let stages = population.stages.iter().map(|(length, users)| (*length, f64::from(*users)));
    stages_in_words(f64::from(population.start), stages, |users| counted(users as usize, "user"))
}

fn arrivals_in_words(arrivals: &Arrivals) -> String {
    let stages = arrivals.stages.iter().copied();
    let kind = match arrivals.spacing {
        Spacing::Even(_) => "arrivals",
        Spacing::Poisson(_) => "Poisson arrivals",
    };
    format!("{kind} {}", stages_in_words(arrivals.start, stages, |rate| Rate(rate).to_string()))
}

/// `2 users for 10s`; `from 0 users to 10 users in 30s, 10 users for 1m`.
fn stages_in_words(
    start: f64,
    stages: impl Iterator<Item = (Duration, f64)>,
    level: impl Fn(f64) -> String,
) -> String {
    let mut words = Vec::new();
    let mut from = start;
    for (length, to) in stages {
        let time = write_duration(length);
        words.push(match (from == to, length.is_zero(), words.is_empty()) {
            (true, _, _) => format!("{} for {time}", level(to)),
            (false, true, _) => format!("at once {}", level(to)),
            (false, false, true) => format!("from {} to {} in {time}", level(from), level(to)),
            (false, false, false) => format!("to {} in {time}", level(to)),
        });
        from = to;
    }
    words.join(", ")
}

fn describe_nodes(nodes: &[Node], depth: usize, text: &mut String) {
    for node in nodes {
        let mut extra = Vec::new();
        if !node.when.is_empty() {
            extra.push("on condition".to_string());
        }
        if let Some(repeat) = &node.repeat {
            let at_most = if repeat.until.is_empty() { "" } else { "at most " };
            extra.push(format!("{at_most}{} times", repeat.times));
        }
        if let Some(think) = &node.think {
            extra.push(format!("then thinks {think}"));
        }
        let words = match &node.action {
            ActionPlan::Http(http) => {
                format!("{}: {}", http.name, counted(http.checks.len(), "check"))
            }
            ActionPlan::Browser(browser) => {
                if browser.soft {
                    extra.push("soft".to_string());
                }
                if !browser.captures.is_empty() {
                    let names = browser.captures.iter().map(|capture| capture.name.as_str());
                    extra.push(format!("keeps {}", names.collect::<Vec<_>>().join(", ")));
                }
                browser.name.clone()
            }
            ActionPlan::Pause(pause) => format!("pause {pause}"),
            ActionPlan::Group(_) => "group".to_string(),
        };
        let extra: String = extra.iter().map(|words| format!(", {words}")).collect();
        line(text, depth, &format!("{words}{extra}"));
        if let ActionPlan::Group(inside) = &node.action {
            describe_nodes(inside, depth + 1, text);
        }
    }
}

/// Requests and browser actions, those in groups too; a repeated one counts once.
fn steps_of(nodes: &[Node]) -> usize {
    let steps = |node: &Node| match &node.action {
        ActionPlan::Http(_) | ActionPlan::Browser(_) => 1,
        ActionPlan::Pause(_) => 0,
        ActionPlan::Group(inside) => steps_of(inside),
    };
    nodes.iter().map(steps).sum()
}

fn counted(count: usize, word: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {word}{ending}", show_count(count as u64))
}
