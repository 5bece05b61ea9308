//! Draws the view, on whatever room there is. Words beside every colour, so that none of it
//! depends on one.

mod head;
mod slas;
mod steps;
#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::keys::KEYS;
use super::state::State;

const HELP: [&str; 7] = [
    "Rates and p50, p95, p99 are of the last 10 seconds; SLAs of the whole load, and of those.",
    "! beside a number: an SLA has a bound for it, and it is beyond.",
    "p95, last seconds: one bar a second, the highest is the slowest second shown.",
    "Latency is of successes only, from when a request was due.",
    "late: how late the generator itself began (p99). Above 20 ms it blurs what it measures.",
    "core: the share of a core that its busiest thread works. Above 80 % it is the limit.",
    "What is changed by hand is noted in the result, which is then compared with no baseline.",
];

/// Rows that the steps have at least, with their header.
const STEPS: u16 = 3;

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State) {
    let area = frame.area();
    let (title, area) = top(area, 1);
    let (progress, area) = top(area, 1);
    let (mut area, keys) = bottom(area, 1);
    frame.render_widget(Line::from(state.title.clone()).style(bold()), title);
    head::progress(frame, state, progress);
    frame.render_widget(footer(keys.width), keys);
    if state.help {
        return help(frame, area);
    }
    let summary = head::summary(state, area.width);
    let (lines, rest) = top(area, (summary.len() as u16).min(area.height / 2));
    frame.render_widget(Paragraph::new(summary), lines);
    area = rest;
    let shown = (state.notices.len() as u16).min(area.height.saturating_sub(2 * STEPS));
    if shown > 0 {
        let (rest, below) = bottom(area, shown);
        area = rest;
        let last = state.notices.iter().rev().take(usize::from(shown)).rev();
        let last: Vec<Line<'_>> = last.map(|text| Line::from(text.as_str())).collect();
        frame.render_widget(Paragraph::new(last), below);
    }
    let room = area.height.saturating_sub(STEPS.max(area.height / 3));
    let wanted = match state.standings.len() as u16 {
        0 => 0,
        count => count.min(8) + slas::header(room),
    };
    let gap = u16::from(wanted > 0 && room > wanted);
    let (above, rest) = top(area, wanted.min(room));
    slas::draw(frame, &state.standings, above);
    steps::draw(frame, state, top(rest, gap).1);
}

fn help(frame: &mut Frame<'_>, area: Rect) {
    let keys = KEYS.iter().map(|(key, does)| {
        Line::from(vec![Span::from(format!("{key:5}")).style(bold()), Span::from(*does)])
    });
    let text = std::iter::once(Line::default())
        .chain(keys)
        .chain(std::iter::once(Line::default()))
        .chain(HELP.iter().map(|text| Line::from(*text)));
    let text: Vec<Line<'_>> = text.collect();
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: false }), area);
}

/// As many keys as there is room for.
fn footer(width: u16) -> Line<'static> {
    let all = ["? help", "p pause", "s stop gently", "q stop now", "+ - > < users"];
    let mut text = String::new();
    for key in all {
        let gap = if text.is_empty() { "" } else { "  " };
        if text.len() + gap.len() + key.len() <= usize::from(width) {
            text.push_str(gap);
            text.push_str(key);
        }
    }
    Line::from(text).style(dim())
}

/// The upper rows of an area, and the rest.
fn top(area: Rect, rows: u16) -> (Rect, Rect) {
    let [above, below] =
        Layout::vertical([Constraint::Length(rows), Constraint::Min(0)]).areas(area);
    (above, below)
}

/// An area without its lower rows, and these.
fn bottom(area: Rect, rows: u16) -> (Rect, Rect) {
    top(area, area.height.saturating_sub(rows))
}

fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

fn bad() -> Style {
    bold().fg(Color::Red)
}
