//! Writes the page: one file that needs no network and no script.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use sha2::{Digest, Sha256};

use super::comparison::Pair;
use super::facts::started;
use super::figures;
use super::foreign::line;
use super::repeat::Curls;
use super::rows::{FailureRow, FindingRow, Report, failure};
use super::slow::slow;
use super::tiles::tiles;
use crate::result::RunResult;

const TEMPLATE: &str = include_str!("html.j2");

/// The page of a comparison alone.
const COMPARISON: &str = include_str!("comparison.j2");

/// What both pages share: macros of findings, changes and charts.
const PARTS: &str = include_str!("parts.j2");

/// The style that all pages share.
const STYLE: &str = include_str!("page.css");

/// The style of charts.
const FIGURES: &str = include_str!("figures.css");

/// What makes charts zoom and commands be copied; the page is whole without it.
const SCRIPT: &str = include_str!("page.js");

/// The page's text.
pub(super) fn render(report: &Report<'_>) -> String {
    let page = environment();
    let template = page.template_from_str(TEMPLATE).expect("the template is a part of the program");
    let run = &report.result.run;
    let context = context! {
        word => report.word.name(),
        class => report.word.name().to_ascii_lowercase(),
        headline => headline(report.word.name(), &report.headline),
        tiles => Value::from(Serde(tiles(report.result, report.verdict, &report.slas))),
        target => line(&run.target, 200),
        started => started(&run.started),
        health => report.health,
        health_reasons => Value::from(Serde(&report.health_reasons)),
        grave => Value::from(Serde(report.grave().collect::<Vec<_>>())),
        notices => Value::from(Serde(report.notices().collect::<Vec<_>>())),
        held => Value::from(Serde(report.held().collect::<Vec<_>>())),
        tests => Value::from(Serde(&report.tests)),
        test_counts => Value::from(Serde(&report.test_counts)),
        close => Value::from(Serde(&report.close)),
        slas => Value::from(Serde(&report.slas)),
        steps => Value::from(Serde(&report.steps)),
        seen => Value::from(Serde(&report.seen)),
        parts => Value::from(Serde(&report.parts)),
        slow => Value::from(Serde(slow(report.result))),
        failures => Value::from(Serde(failures(report.result))),
        vitals => Value::from(Serde(&report.vitals)),
        changes => report.changes.as_ref().map(|rows| Value::from(Serde(rows))),
        folded => report.changes.as_ref().map(|rows| rows.folded_title()),
        compared => figures::of_comparison(report.verdict),
        charts => figures::of_run(report),
        facts => Value::from(Serde(&report.facts)),
        command => &report.command,
        seed => run.seed,
        several => report.several(),
        ..frame()
    };
    template.render(context).expect("the template uses what it is given")
}

/// Failures in full, of the steps under load.
fn failures(result: &RunResult) -> Vec<FailureRow> {
    let curls = Curls::new(&result.run.target);
    let examples = result.steps.iter().flat_map(|step| &step.examples);
    examples.map(|one| failure(one, Some(&curls))).collect()
}

/// The page of a comparison alone.
pub(super) fn comparison(of: &Pair<'_>) -> String {
    let page = environment();
    let template =
        page.template_from_str(COMPARISON).expect("the template is a part of the program");
    let rows = |wanted: fn(&FindingRow) -> bool| -> Value {
        let rows: Vec<&FindingRow> = of.findings.iter().filter(|row| wanted(row)).collect();
        Value::from(Serde(rows))
    };
    let context = context! {
        word => of.word.name(),
        class => of.word.name().to_ascii_lowercase(),
        headline => headline(of.word.name(), &of.headline),
        title => &of.title,
        before => &of.before,
        after => &of.after,
        grave => rows(FindingRow::is_grave),
        notices => rows(FindingRow::is_notice),
        held => rows(|row| row.class == "pass"),
        changes => of.changes.as_ref().map(|rows| Value::from(Serde(rows))),
        folded => of.changes.as_ref().map(|rows| rows.folded_title()),
        compared => figures::of_comparison(of.verdict),
        facts => Value::from(Serde(&of.facts)),
        several => of.several(),
        ..frame()
    };
    template.render(context).expect("the template uses what it is given")
}

/// The script, and the policy under which it is the only one that runs, whatever else is in the
/// page.
fn frame() -> Value {
    let digest = STANDARD.encode(Sha256::digest(SCRIPT));
    let policy = format!(
        "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    );
    // A digest has no sign that an attribute could not hold.
    let policy = Value::from_safe_string(policy);
    context! { policy, script => Value::from_safe_string(SCRIPT.to_string()) }
}

/// What all pages are drawn with: everything is escaped that is not known to be safe.
pub(super) fn environment() -> Environment<'static> {
    let mut page = Environment::new();
    page.set_auto_escape_callback(|_| AutoEscape::Html);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    page.set_syntax(syntax.expect("the usual delimiters can be told apart"));
    page.add_filter("prose", prose);
    page.add_template("figures.css", FIGURES).expect("the style is a part of the program");
    page.add_template("page.css", STYLE).expect("the style is a part of the program");
    page.add_template("parts.j2", PARTS).expect("the parts are a part of the program");
    page
}

/// The headline without its word, which stands above it: a sentence of its own.
fn headline(word: &str, headline: &str) -> String {
    let text = headline.strip_prefix(word).unwrap_or(headline);
    let text = text.trim_start_matches(':').trim();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().collect::<String>() + letters.as_str(),
        None => String::new(),
    }
}

/// A message: what stands between ticks becomes code. Everything is escaped first, and a tick is
/// not a sign that escaping knows.
fn prose(text: &str) -> Value {
    let escaped = escape(text);
    let parts: Vec<&str> = escaped.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return Value::from_safe_string(escaped);
    }
    let part = |(at, part): (usize, &&str)| match at % 2 {
        1 => format!("<code>{part}</code>"),
        _ => part.to_string(),
    };
    Value::from_safe_string(parts.iter().enumerate().map(part).collect())
}

pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_become_code_and_nothing_else_becomes_markup() {
        let told = |text: &str| prose(text).to_string();
        assert_eq!(told("in `a<b>`"), "in <code>a&lt;b&gt;</code>");
        assert_eq!(told("one ` tick"), "one ` tick");
    }
}
