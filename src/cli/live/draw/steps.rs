//! The steps over the last seconds: rate, percentiles, failures, and p95 second by second.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::widgets::{Cell, Row, Table};

use super::{bad, dim};
use crate::cli::live::state::{self, Rolling, State};
use crate::units::{show_count, show_duration_us, show_rate};

/// Steps of a sparkline, lowest first.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The most seconds of a sparkline that are drawn, and the fewest that are worth it.
const SPARK: (u16, u16) = (30, 8);

/// The columns that there may be, those that are dropped first last, with their widths.
const COLUMNS: [(Column, u16); 7] = [
    (Column::Step, 12),
    (Column::Quantile(1), 9),
    (Column::Failed, 6),
    (Column::Rate, 7),
    (Column::Quantile(2), 9),
    (Column::Quantile(0), 9),
    (Column::Spark, SPARK.1),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Step,
    Rate,
    /// p50, p95, p99.
    Quantile(usize),
    Failed,
    Spark,
}

/// Draws as many as there is room for: those that fail or are slowest.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let room = usize::from(area.height.saturating_sub(1));
    let rolling: Vec<Rolling> = state.rows.iter().map(|row| row.rolling()).collect();
    let mut shown: Vec<usize> = (0..rolling.len()).collect();
    let hidden = rolling.len().saturating_sub(room);
    if hidden > 0 {
        shown.sort_by_key(|at| {
            let one = &rolling[*at];
            std::cmp::Reverse((one.failed, one.quantiles.map(|all| all[1])))
        });
        shown.truncate(room.saturating_sub(1));
        shown.sort_unstable();
    }
    let (columns, spark) = columns(area.width);
    let rows = shown.iter().map(|at| {
        let cell = |column: &Column| cell(*column, &state.rows[*at], rolling[*at], spark);
        Row::new(columns.iter().map(cell).collect::<Vec<_>>())
    });
    let more = (hidden > 0).then(|| {
        let more = state.rows.len() - shown.len();
        Row::new([format!("{more} more, faster")]).style(dim())
    });
    let rows: Vec<Row<'_>> = rows.chain(more).collect();
    let widths = columns.iter().map(|column| match column {
        Column::Step => Constraint::Min(12),
        Column::Spark => Constraint::Length(spark),
        other => Constraint::Length(width(*other)),
    });
    let header = columns.iter().map(|column| match column {
        Column::Step => "step",
        Column::Rate => "rate",
        Column::Quantile(0) => "p50",
        Column::Quantile(1) => "p95",
        Column::Quantile(_) => "p99",
        Column::Failed => "failed",
        Column::Spark => "p95, last seconds",
    });
    let header = Row::new(header.collect::<Vec<_>>()).style(dim());
    frame.render_widget(Table::new(rows, widths).header(header).column_spacing(1), area);
}

fn width(column: Column) -> u16 {
    COLUMNS.iter().find(|(one, _)| *one == column).map_or(0, |(_, width)| *width)
}

/// The columns that fit, in their order, and the width of the sparkline among them.
fn columns(width: u16) -> (Vec<Column>, u16) {
    let mut left = width;
    let mut chosen = Vec::new();
    for (column, wide) in COLUMNS {
        match left.checked_sub(wide + 1) {
            Some(rest) => left = rest,
            None => break,
        }
        chosen.push(column);
    }
    let order = [
        Column::Step,
        Column::Rate,
        Column::Quantile(0),
        Column::Quantile(1),
        Column::Quantile(2),
        Column::Failed,
        Column::Spark,
    ];
    let columns = order.into_iter().filter(|column| chosen.contains(column)).collect();
    // What is left is shared with the names of the steps.
    (columns, SPARK.0.min(SPARK.1 + left / 2))
}

fn cell(column: Column, row: &state::Row, rolling: Rolling, spark: u16) -> Cell<'static> {
    match column {
        Column::Step => Cell::from(row.name.clone()),
        Column::Rate => Cell::from(show_rate(rolling.rate)),
        Column::Quantile(at) => quantile(rolling.quantiles.map(|all| all[at]), row.bounds[at]),
        Column::Failed if rolling.failed > 0 => Cell::from(show_count(rolling.failed)).style(bad()),
        Column::Failed => Cell::from("0"),
        Column::Spark => Cell::from(sparkline(&row.spark, usize::from(spark))),
    }
}

fn quantile(us: Option<u64>, bound: Option<u64>) -> Cell<'static> {
    let Some(us) = us else { return Cell::from("-") };
    let shown = show_duration_us(us);
    match bound.is_some_and(|bound| us > bound) {
        true => Cell::from(format!("{shown}!")).style(bad()),
        false => Cell::from(shown),
    }
}

fn sparkline(values: &std::collections::VecDeque<u64>, width: usize) -> String {
    let last = values.iter().skip(values.len().saturating_sub(width));
    let most = last.clone().copied().max().unwrap_or(0).max(1);
    last.map(|value| match value {
        0 => ' ',
        value => BARS[((value * 8).div_ceil(most) as usize).clamp(1, 8) - 1],
    })
    .collect()
}
