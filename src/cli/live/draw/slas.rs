//! How the SLAs stand: over the whole load, over the last seconds, and how much of each is used.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Color, Style};
use ratatui::widgets::{Cell, Row, Table};

use super::{bad, dim};
use crate::analysis::Word;
use crate::cli::live::state::Stand;
use crate::units::show_percent;

/// From this width on there is room for all columns.
const WIDE: u16 = 80;

/// The rows of the header where there are so many in all: none where each is needed.
pub(super) fn header(rows: u16) -> u16 {
    u16::from(rows > 2)
}

/// Draws as many as there is room for: those that stand worst.
pub(super) fn draw(frame: &mut Frame<'_>, all: &[Stand], area: Rect) {
    let room = usize::from(area.height - header(area.height));
    let mut shown: Vec<&Stand> = all.iter().collect();
    let hidden = all.len().saturating_sub(room);
    if hidden > 0 {
        shown.sort_by(|one, other| worst_first(one, other));
        shown.truncate(room);
    }
    let wide = area.width >= WIDE;
    let rows = shown.iter().map(|stand| row(stand, wide));
    let widths = match wide {
        true => vec![
            Constraint::Length(13),
            Constraint::Min(24),
            Constraint::Length(10),
            Constraint::Length(10),
            Constraint::Length(16),
        ],
        false => vec![
            Constraint::Length(4),
            Constraint::Min(10),
            Constraint::Length(9),
            Constraint::Length(5),
        ],
    };
    let first = match (hidden, wide) {
        (0, true) => "SLA so far".to_string(),
        (0, false) => "SLA".to_string(),
        (_, true) => format!("{} of {} SLAs", shown.len(), all.len()),
        (_, false) => format!("{}/{}", shown.len(), all.len()),
    };
    let titles = match wide {
        true => vec![first, String::new(), "is".into(), "last 10 s".into(), "of its bound".into()],
        false => vec![first, String::new(), "is".into(), "used".into()],
    };
    let table = Table::new(rows, widths).column_spacing(1);
    let table = match header(area.height) {
        0 => table,
        _ => table.header(Row::new(titles).style(dim())),
    };
    frame.render_widget(table, area);
}

fn worst_first(one: &Stand, other: &Stand) -> std::cmp::Ordering {
    let grave = other.whole.word.cmp(&one.whole.word);
    let used = |stand: &Stand| stand.whole.used.unwrap_or(0.0);
    grave.then(used(other).total_cmp(&used(one)))
}

fn row(stand: &Stand, wide: bool) -> Row<'_> {
    let Stand { whole, rolling } = stand;
    let word = Cell::from(if wide { whole.word.name() } else { short(whole.word) })
        .style(Style::new().fg(colour(whole.word)));
    let is = Cell::from(whole.observed.as_str());
    if !wide {
        let sla = Cell::from(bound_first(&whole.sla));
        return Row::new(vec![word, sla, is, Cell::from(whole.used.map_or(String::new(), share))]);
    }
    let lately = match rolling {
        Some(rolling) if rolling.word == Word::Fail => {
            Cell::from(format!("{}!", rolling.observed)).style(bad())
        }
        Some(rolling) => Cell::from(rolling.observed.as_str()),
        None => Cell::from(""),
    };
    let sla = Cell::from(whole.sla.as_str());
    Row::new(vec![word, sla, is, lately, Cell::from(whole.used.map_or(String::new(), bar))])
}

/// An SLA as it is told apart from others where it is cut: `p(95)<400 duration{step:pay}`.
fn bound_first(sla: &str) -> String {
    let short = |metric: &str| metric.trim_start_matches("http_req_").to_string();
    match sla.split_once("}: ") {
        Some((metric, bound)) => format!("{bound} {}}}", short(metric)),
        None => match sla.split_once(": ") {
            Some((metric, bound)) => format!("{bound} {}", short(metric)),
            None => sla.to_string(),
        },
    }
}

/// A word where there is room for four letters; `few` are the samples so far.
fn short(word: Word) -> &'static str {
    match word {
        Word::Inconclusive => "few",
        Word::Invalid => "ERR",
        word => word.name(),
    }
}

fn share(used: f64) -> String {
    match used {
        used if used > 9.99 => ">999%".to_string(),
        used if used >= 0.1 => format!("{:.0}%", used * 100.0),
        used => show_percent(used),
    }
}

fn bar(used: f64) -> String {
    let full = (used.clamp(0.0, 1.0) * 10.0).round() as usize;
    format!("{}{} {}", "█".repeat(full), "░".repeat(10 - full), share(used))
}

fn colour(word: Word) -> Color {
    match word {
        Word::Pass => Color::Green,
        Word::Fail | Word::Invalid => Color::Red,
        Word::Inconclusive => Color::Yellow,
    }
}
