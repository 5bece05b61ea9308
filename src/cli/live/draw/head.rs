//! The upper lines: where the load is, what it asks for and gets, how the generator fares.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Gauge;

use super::bad;
use crate::cli::live::state::{Moment, Phase, State};
use crate::units::{show_count, show_duration_us, show_percent, show_rate};

/// A core that works more than this cannot keep time.
const BUSY: f32 = 0.8;

/// A loop that is later than this shows in latencies, in microseconds.
const LATE: u64 = 20_000;

/// Between two things of a line.
const GAP: &str = "   ";

/// Below this width only what matters most is said.
const NARROW: u16 = 60;

/// How far it has come, in what phase.
pub(super) fn progress(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let planned = state.planned.len().max(1);
    let done = state.second.min(planned);
    let phase = match state.phase {
        Phase::Rising => "ramping up",
        Phase::Steady => "steady",
        Phase::Falling => "ramping down",
        Phase::Ending => "ending",
        Phase::Paused => "PAUSED (p goes on)",
        Phase::StoppingGently => "STOPPING gently (q: now)",
        Phase::Stopping => "STOPPING (q: at once)",
    };
    let left = match (state.phase, planned - done) {
        (Phase::Ending | Phase::StoppingGently, _) => "what was begun comes to its end".to_string(),
        (Phase::Stopping, _) => "saving what there is".to_string(),
        (_, left) => format!("{left} s left"),
    };
    let whole = format!("{phase}, {done} of {planned} s, {left}");
    let label = match whole.len() + 2 > usize::from(area.width) {
        true => format!("{phase}, {done} of {planned} s"),
        false => whole,
    };
    let colour = match state.phase {
        Phase::Paused | Phase::Stopping | Phase::StoppingGently => Color::Yellow,
        _ => Color::Blue,
    };
    let gauge = Gauge::default().ratio(done as f64 / planned as f64).label(format!(" {label} "));
    frame.render_widget(gauge.gauge_style(Style::new().fg(colour)), area);
}

/// Load, failures and generator, in lines of this width.
pub(super) fn summary(state: &State, width: u16) -> Vec<Line<'static>> {
    let last = state.window.back().cloned().unwrap_or_default();
    let narrow = width < NARROW;
    let mut lines = flow(load(state, &last, narrow), width);
    if !state.errors.is_empty() {
        let kinds = state.errors.iter();
        let kinds = kinds.map(|(kind, count)| format!("{kind} {}", show_count(*count)));
        let kinds: Vec<String> = kinds.collect();
        lines.push(Line::from(format!("failures: {}", kinds.join(", "))).style(bad()));
    }
    lines.extend(flow(generator(&last, narrow), width));
    lines
}

fn load(state: &State, last: &Moment, narrow: bool) -> Vec<Span<'static>> {
    let (requests, failed) = state.total;
    let planned = state.second.checked_sub(1).and_then(|second| state.planned.get(second));
    let planned = planned.copied().unwrap_or_default();
    let users = show_count(u64::from(last.users));
    let users = match planned.users {
        wanted if wanted != last.users && wanted > 0 && planned.rate == 0.0 => {
            format!("{users} users (planned {})", show_count(u64::from(wanted)))
        }
        _ => format!("{users} users"),
    };
    let begun = show_rate(state.mean(|moment| moment.begun as f64));
    let offered = state.mean(|moment| moment.offered);
    let begun = match offered > 0.0 {
        true => format!("offered {}, begun {begun}", show_rate(offered)),
        false => format!("{begun} iterations"),
    };
    let mut all = vec![
        Span::from(users),
        Span::from(begun),
        Span::from(format!("{} requests", show_rate(state.mean(|one| one.requests as f64)))),
    ];
    if !narrow {
        all.push(Span::from(format!("{} in all", show_count(requests))));
    }
    all.push(match failed {
        0 => Span::from("no failures"),
        _ => {
            let share = show_percent(failed as f64 / requests.max(1) as f64);
            Span::styled(format!("{} failed ({share})", show_count(failed)), bad())
        }
    });
    if state.altered {
        all.push(Span::styled("CHANGED BY HAND", Style::new().fg(Color::Yellow)));
    }
    all
}

fn generator(last: &Moment, narrow: bool) -> Vec<Span<'static>> {
    let late = last.loop_gap_us.max(last.lag_p99_us);
    let strained = last.thread_cpu > BUSY || late > LATE;
    let style = Style::new().fg(if strained { Color::Yellow } else { Color::Green });
    let cpu = last.cpu.map(|cpu| format!("CPU {}", show_percent(f64::from(cpu))));
    let word = if strained { "generator STRAINED" } else { "generator well" };
    let all = std::iter::once(word.to_string()).chain(cpu.filter(|_| !narrow)).chain([
        format!("core {}", show_percent(f64::from(last.thread_cpu))),
        format!("late {}", show_duration_us(last.lag_p99_us)),
        format!("loop gap {}", show_duration_us(last.loop_gap_us)),
    ]);
    let all = all.take(if narrow { 2 } else { usize::MAX });
    all.map(|text| Span::styled(text, style)).collect()
}

/// Things one after the other, in as many lines as they take.
fn flow(things: Vec<Span<'static>>, width: u16) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    for thing in things {
        let wide = thing.width() + GAP.len();
        let full = lines
            .last()
            .is_some_and(|line| !line.spans.is_empty() && line.width() + wide > usize::from(width));
        if full {
            lines.push(Line::default());
        }
        if let Some(line) = lines.last_mut() {
            if !line.spans.is_empty() {
                line.push_span(GAP);
            }
            line.push_span(thing);
        }
    }
    lines
}
