//! Draws the view. Words beside every colour, so that none of it depends on one.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Gauge, Paragraph, Row, Table, Wrap};

use super::state::{Moment, State};
use crate::analysis::{Standing, Word};
use crate::units::{show_count, show_duration_us, show_percent, show_rate};

/// Steps of a sparkline, lowest first.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Sparkline seconds that are drawn.
const SPARK: usize = 24;

/// A core that works more than this cannot keep time.
const BUSY: f32 = 0.8;

/// A loop that is later than this shows in latencies, in microseconds.
const LATE: u64 = 20_000;

const HELP: [&str; 6] = [
    "p50, p95, p99 and rates are of the last 10 seconds; SLAs are of the whole load so far.",
    "p95, last seconds: one bar a second, the highest is the slowest second shown.",
    "Latency is of successes only, from when a request was due.",
    "late: how late the generator itself began (p99). Above 20 ms it blurs what it measures.",
    "core: the share of a core that its busiest thread works. Above 80 % it is the limit.",
    "q or Ctrl-C ends the load and saves what there is; again ends at once.",
];

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State) {
    let slas = state.standings.len().min(8) as u16;
    let low = if state.help { HELP.len() as u16 } else { state.notices.len().max(1) as u16 };
    let parts = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(3),
        Constraint::Length(if slas == 0 { 0 } else { slas + 2 }),
        Constraint::Min(4),
        Constraint::Length(low),
        Constraint::Length(1),
    ])
    .split(frame.area());
    frame.render_widget(Line::from(state.title.clone()).style(bold()), parts[0]);
    progress(frame, state, parts[1]);
    frame.render_widget(Paragraph::new(summary(state)), parts[2]);
    if slas > 0 {
        demands(frame, &state.standings, parts[3]);
    }
    steps(frame, state, parts[4]);
    let below: Vec<Line<'_>> = match state.help {
        true => HELP.iter().map(|text| Line::from(*text)).collect(),
        false => state.notices.iter().map(|text| Line::from(text.as_str())).collect(),
    };
    frame.render_widget(Paragraph::new(below).wrap(Wrap { trim: false }), parts[5]);
    frame.render_widget(Line::from("q stop   ? what the numbers mean").style(dim()), parts[6]);
}

fn progress(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let planned = state.planned_s.max(1);
    let done = state.second.min(planned);
    let left = planned - done;
    let label = match left {
        0 => format!("{done} of {planned} s, what was begun comes to its end"),
        _ => format!("{done} of {planned} s, {left} s left"),
    };
    let gauge = Gauge::default().ratio(done as f64 / planned as f64).label(label);
    frame.render_widget(gauge.gauge_style(Style::new().fg(Color::Blue)), area);
}

fn summary(state: &State) -> Vec<Line<'_>> {
    let last = state.window.back().cloned().unwrap_or_default();
    let (requests, failed) = state.total;
    let share = failed as f64 / requests.max(1) as f64;
    let errors = match failed {
        0 => Span::from("no failures"),
        _ => Span::styled(
            format!("{} failed ({})", show_count(failed), show_percent(share)),
            Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        ),
    };
    let load = Line::from(vec![
        Span::from(format!(
            "{} users   {} iterations begun   {} requests   {} in all   ",
            show_count(u64::from(last.users)),
            show_rate(state.rate(|moment| moment.begun)),
            show_rate(state.rate(|moment| moment.requests)),
            show_count(requests),
        )),
        errors,
    ]);
    let kinds = state.errors.iter().map(|(kind, count)| format!("{kind} {}", show_count(*count)));
    let kinds: Vec<String> = kinds.collect();
    let kinds = match kinds.is_empty() {
        true => String::new(),
        false => format!("failures by kind: {}", kinds.join(", ")),
    };
    vec![load, Line::from(kinds).style(Style::new().fg(Color::Red)), generator(&last)]
}

fn generator(last: &Moment) -> Line<'static> {
    let late = last.loop_gap_us.max(last.lag_p99_us);
    let strained = last.thread_cpu > BUSY || late > LATE;
    let cpu = last.cpu.map_or("unknown".to_string(), |cpu| show_percent(f64::from(cpu)));
    let text = format!(
        "generator {}: CPU {cpu}, core {}, late {}, loop gap {}",
        if strained { "STRAINED" } else { "well" },
        show_percent(f64::from(last.thread_cpu)),
        show_duration_us(last.lag_p99_us),
        show_duration_us(last.loop_gap_us),
    );
    let colour = if strained { Color::Yellow } else { Color::Green };
    Line::from(text).style(Style::new().fg(colour))
}

fn demands(frame: &mut Frame<'_>, standings: &[Standing], area: Rect) {
    let rows = standings.iter().take(8).map(|standing| {
        let colour = colour(standing.word);
        Row::new(vec![
            Cell::from(standing.word.name()).style(Style::new().fg(colour)),
            Cell::from(standing.sla.clone()),
            Cell::from(standing.observed.clone()),
            Cell::from(used(standing.used)),
        ])
    });
    let widths = [
        Constraint::Length(13),
        Constraint::Min(24),
        Constraint::Length(12),
        Constraint::Length(18),
    ];
    let header = Row::new(["SLA so far", "", "is", "of its bound"]).style(dim());
    frame.render_widget(Table::new(rows, widths).header(header), area);
}

fn used(share: Option<f64>) -> String {
    let Some(share) = share else { return String::new() };
    let full = (share.clamp(0.0, 1.0) * 10.0).round() as usize;
    format!("{}{} {}", "█".repeat(full), "░".repeat(10 - full), show_percent(share))
}

fn steps(frame: &mut Frame<'_>, state: &State, area: Rect) {
    // Where not all fit, those that fail or are slowest are seen.
    let room = usize::from(area.height.saturating_sub(1));
    let mut shown: Vec<usize> = (0..state.rows.len()).collect();
    let hidden = state.rows.len().saturating_sub(room);
    if hidden > 0 {
        shown.sort_by_key(|at| {
            let rolling = state.rows[*at].rolling();
            std::cmp::Reverse((rolling.failed, rolling.quantiles.map(|all| all[1])))
        });
        shown.truncate(room.saturating_sub(1));
        shown.sort_unstable();
    }
    let rows = shown.iter().map(|at| &state.rows[*at]).map(|row| {
        let rolling = row.rolling();
        let quantile = |at: usize| match rolling.quantiles {
            Some(all) => show_duration_us(all[at]),
            None => "-".to_string(),
        };
        let failed = match rolling.failed {
            0 => Cell::from("0"),
            failed => Cell::from(show_count(failed)).style(Style::new().fg(Color::Red)),
        };
        Row::new(vec![
            Cell::from(row.name.clone()),
            Cell::from(show_rate(rolling.rate)),
            Cell::from(quantile(0)),
            Cell::from(quantile(1)),
            Cell::from(quantile(2)),
            failed,
            Cell::from(spark(row.spark.iter().copied())),
        ])
    });
    let widths = [
        Constraint::Min(16),
        Constraint::Length(9),
        Constraint::Length(9),
        Constraint::Length(9),
        Constraint::Length(9),
        Constraint::Length(7),
        Constraint::Length(SPARK as u16),
    ];
    let header = ["step", "rate", "p50", "p95", "p99", "failed", "p95, last seconds"];
    let more = (hidden > 0).then(|| {
        let more = state.rows.len() - shown.len();
        Row::new([format!("and {more} more steps, which are faster")]).style(dim())
    });
    let rows: Vec<Row<'_>> = rows.chain(more).collect();
    let table = Table::new(rows, widths).header(Row::new(header).style(dim())).column_spacing(1);
    frame.render_widget(table, area);
}

fn spark(values: impl DoubleEndedIterator<Item = u64>) -> String {
    let mut last: Vec<u64> = values.rev().take(SPARK).collect();
    last.reverse();
    let most = last.iter().copied().max().unwrap_or(0).max(1);
    last.iter()
        .map(|value| match value {
            0 => ' ',
            value => BARS[((value * 8).div_ceil(most) as usize).clamp(1, 8) - 1],
        })
        .collect()
}

fn colour(word: Word) -> Color {
    match word {
        Word::Pass => Color::Green,
        Word::Fail | Word::Invalid => Color::Red,
        Word::Inconclusive => Color::Yellow,
    }
}

fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::analysis::Word;
    use crate::recorder::empty_histogram;
    use crate::result::journal::{LoadSecond, SecondEntry, StepSecond, blank};
    use crate::result::{Histograms, Slice, StepResult, Vital, histogram};

    fn step(name: &str) -> StepResult {
        let empty = serde_json::json!({
            "scenario": "shop", "step": name, "tags": {}, "place": "shop.yaml:3", "count": 0,
            "failed": 0, "dropped": 0, "rate": 0.0, "response_us": summary(),
            "service_us": summary(), "lag_us": summary(), "failed_us": summary(), "failures": {},
            "examples": [], "checks": [], "bytes_sent": 0, "bytes_received": 0,
            "histograms": { "response": "" }, "slices": [],
        });
        serde_json::from_value(empty).expect("a step")
    }

    fn summary() -> serde_json::Value {
        serde_json::to_value(crate::result::Summary::default()).expect("numbers")
    }

    /// So many answers of a step in a second, each of so many microseconds.
    fn done(step: usize, second: u32, (count, us, failed): (u64, u64, u64)) -> StepSecond {
        let mut seen = empty_histogram();
        seen.record_n(us, count).expect("it fits");
        let response = if count == 0 { String::new() } else { histogram::encode(&seen) };
        let histograms = Histograms { response, ..Histograms::default() };
        let slice = Slice { second, count: count + failed, failed, histograms };
        let failures = [("status".to_string(), failed)];
        let failures = failures.into_iter().filter(|(_, count)| *count > 0).collect();
        StepSecond { step, slice, failures, ..StepSecond::default() }
    }

    fn state(steps: &[&str]) -> State {
        let mut run = blank();
        run.run.target = "http://127.0.0.1:4000".to_string();
        run.run.profile = "load".to_string();
        run.steps = steps.iter().map(|name| step(name)).collect();
        State::new(&run, 60)
    }

    fn second(number: u32, steps: Vec<StepSecond>) -> SecondEntry {
        let load = LoadSecond { started: 20, users: 7, ..LoadSecond::default() };
        SecondEntry {
            second: number,
            cpu: Some(0.25),
            loop_gap_us: 900,
            vital: Some(Vital { lag_p99_us: 300, thread_cpu: 0.4, ..Vital::default() }),
            loads: vec![load],
            steps,
            ..SecondEntry::default()
        }
    }

    fn seen(state: &State, (width, height): (u16, u16)) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        terminal.draw(|frame| draw(frame, state)).expect("it draws");
        let buffer = terminal.backend().buffer();
        let line = |y: u16| -> String {
            let cells = (0..width).map(|x| buffer[(x, y)].symbol());
            cells.collect::<String>().trim_end().to_string()
        };
        (0..height).map(|y| line(y) + "\n").collect()
    }

    #[test]
    fn a_load_in_progress_is_shown_with_rates_quantiles_slas_and_failures() {
        let mut state = state(&["browse", "pay"]);
        for number in 0..12 {
            let slow = 1_000 * u64::from(number + 1);
            state.second(&second(
                number,
                vec![done(0, number, (30, slow, 0)), done(1, number, (5, 40_000, 1))],
            ));
        }
        state.standings(vec![Standing {
            sla: "http_req_duration: p(95)<500".to_string(),
            observed: "40 ms".to_string(),
            word: Word::Pass,
            used: Some(0.08),
        }]);
        state.notice("failed: shop › pay: 500");
        let text = seen(&state, (118, 16));
        for wanted in [
            "12 of 60 s, 48 s left",
            "7 users   20/s iterations begun   36/s requests   432 in all   12 failed (2.8%)",
            "failures by kind: status 12",
            "generator well: CPU 25%, core 40%, late 300 µs, loop gap 900 µs",
            "PASS          http_req_duration: p(95)<500",
            "█░░░░░░░░░ 8%",
            "failed: shop › pay: 500",
            "▁▂▂▃▄▄▅▆▇▇██",
        ] {
            assert!(text.contains(wanted), "{wanted}\n{text}");
        }
        // The last ten seconds alone: the first two, the fastest, are no longer among them.
        let browse = text.lines().find(|line| line.starts_with("browse")).expect("a row");
        assert!(browse.contains("30/s") && browse.contains("7 ms"), "{browse}");
        let pay = text.lines().find(|line| line.starts_with("pay")).expect("a row");
        assert!(pay.contains("6/s") && pay.contains("10 "), "{pay}");
    }

    #[test]
    fn a_strained_generator_is_said_in_a_word() {
        let mut state = state(&["browse"]);
        let mut late = second(0, Vec::new());
        late.loop_gap_us = 80_000;
        state.second(&late);
        assert!(seen(&state, (100, 12)).contains("generator STRAINED"));
    }

    #[test]
    fn what_fails_or_is_slow_is_seen_where_not_all_steps_fit() {
        let names: Vec<String> = (0..30).map(|number| format!("step {number:02}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut state = state(&names);
        let steps = (0..30).map(|at| match at {
            17 => done(at, 0, (0, 1, 3)),
            23 => done(at, 0, (9, 700_000, 0)),
            _ => done(at, 0, (9, 1_000, 0)),
        });
        state.second(&second(0, steps.collect()));
        let text = seen(&state, (110, 14));
        assert!(text.contains("step 17") && text.contains("step 23"), "{text}");
        assert!(text.contains("more steps"), "{text}");
    }

    #[test]
    fn any_terminal_is_large_enough_not_to_break_it() {
        let mut state = state(&["browse", "pay"]);
        state.second(&second(0, vec![done(0, 0, (3, 100, 0))]));
        state.help = true;
        for size in [(1, 1), (10, 3), (40, 8), (300, 100)] {
            seen(&state, size);
        }
        let help = seen(&state, (120, 24));
        assert!(help.contains("q or Ctrl-C ends the load"), "{help}");
    }
}
