//! Draws all changes in one chart: a row a metric, its interval as a bar, the margin as a line.
//! Changes are drawn in multiples of their margins, so that one line is the margin of all.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::chart::Colour;
use super::foreign::line;
use super::svg::{Area, Drawn, GRID, INK, LETTERS, SIZE, describe, letters, rgb};
use crate::analysis::gate::Change;
use crate::analysis::{Verdict, Word, wording};

/// The most rows: with more the letters would be all there is to see.
const ROWS: usize = 20;

/// Of a row, in pixels.
const HEIGHT: u32 = 52;

/// Where the bars are, from left to right.
const PLOT: (i32, i32) = (232, 484);

/// Below the rows: what the lines are.
const FOOT: u32 = 40;

/// One row as it is drawn.
struct Row {
    name: String,
    metric: String,
    word: &'static str,
    colour: Colour,
    /// In multiples of the margin, worse to the right; none where there is no honest number.
    span: Option<(f64, f64, f64)>,
}

/// The chart's title and its SVG; none where nothing was compared.
pub(super) fn forest(verdict: &Verdict, ground: bool) -> Option<(String, String)> {
    let of = verdict.comparison.as_ref().filter(|of| !of.changes.is_empty())?;
    let mut changes: Vec<&Change> = of.changes.iter().collect();
    let quiet = |row: &Change| !row.improved && !wording::is_tolerated(row);
    changes.sort_by_key(|row| (std::cmp::Reverse(row.word), quiet(row)));
    let several = changes.iter().any(|row| row.scenario != changes[0].scenario);
    let rows: Vec<Row> = changes.iter().take(ROWS).map(|change| row(change, several)).collect();
    let more = changes.len().saturating_sub(ROWS);
    let title = "Change of each metric, in margins (bars: 90% intervals)".to_string();
    let top = if ground { 44 } else { 8 };
    let size = (SIZE.0, top + HEIGHT * rows.len() as u32 + FOOT);
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        if ground && head(&area, &title).is_err() {
            return None;
        }
        if paint(&area, &rows, more, top as i32).is_err() {
            // Writing to memory cannot fail; what was drawn so far is still a picture.
            return None;
        }
    }
    let described = describe(&text, &title);
    Some((title, described))
}

fn row(change: &Change, several: bool) -> Row {
    let whose = match (change.step.is_empty(), several) {
        (true, _) => change.scenario.clone(),
        (false, true) => format!("{} › {}", change.scenario, change.step),
        (false, false) => change.step.clone(),
    };
    let margin = change.margin.abs();
    let sign = if wording::grows_better(change.metric) { -1.0 } else { 1.0 };
    let scaled = |value: f64| sign * value / margin;
    let (one, other) = change.interval.unwrap_or((f64::NAN, f64::NAN));
    let (one, other) = (scaled(one), scaled(other));
    let span = (scaled(change.change), one.min(other), one.max(other));
    let honest = [span.0, span.1, span.2].iter().all(|value| value.is_finite());
    Row {
        name: line(&whose, 21),
        metric: format!(
            "{} {}",
            change.metric.name(),
            wording::growth(change.metric, change.change)
        ),
        word: change.word.name(),
        colour: match change.word {
            Word::Fail | Word::Invalid => Colour::Red,
            Word::Inconclusive => Colour::Orange,
            Word::Pass if change.improved => Colour::Blue,
            Word::Pass => Colour::Green,
        },
        span: honest.then_some(span),
    }
}

/// The axis, in multiples of the margin.
struct Across {
    from: f64,
    to: f64,
}

impl Across {
    fn of(rows: &[Row]) -> Self {
        let spans = || rows.iter().filter_map(|row| row.span);
        let most = spans().map(|(_, _, high)| high).fold(1.5, f64::max);
        let least = spans().map(|(_, low, _)| low).fold(-1.0, f64::min);
        Self { from: least.max(-3.0), to: most.min(4.0) }
    }

    fn x(&self, value: f64) -> i32 {
        let share = (value.clamp(self.from, self.to) - self.from) / (self.to - self.from);
        PLOT.0 + (share * f64::from(PLOT.1 - PLOT.0)).round() as i32
    }
}

/// The title on a white ground.
fn head<'a>(area: &Area<'a>, title: &str) -> Drawn<'a> {
    area.fill(&WHITE)?;
    area.draw_text(title, &sized(INK, LETTERS - 2, HPos::Left), (12, 14))
}

fn paint<'a>(area: &Area<'a>, rows: &[Row], more: usize, top: i32) -> Drawn<'a> {
    let across = Across::of(rows);
    let x = |value: f64| across.x(value);
    let bottom = top + HEIGHT as i32 * rows.len() as i32;
    area.draw(&PathElement::new(vec![(x(0.0), top), (x(0.0), bottom)], INK.stroke_width(1)))?;
    margin_line(area, x(1.0), top, bottom)?;
    // Away from each other, for the two lines may be close.
    let small = |colour, side| sized(colour, LETTERS - 4, side);
    area.draw_text("±0", &small(INK, HPos::Right), (x(0.0) + 6, bottom + 8))?;
    area.draw_text("margin", &small(rgb(Colour::Red), HPos::Left), (x(1.0) - 6, bottom + 8))?;
    if more > 0 {
        let note = format!("{more} more in the table");
        area.draw_text(&note, &small(INK, HPos::Left), (12, bottom + 8))?;
    }
    for (at, row) in rows.iter().enumerate() {
        let y = top + HEIGHT as i32 * at as i32;
        area.draw(&PathElement::new(vec![(8, y), (SIZE.0 as i32 - 8, y)], GRID.stroke_width(1)))?;
        paint_row(area, row, y, &across)?;
    }
    area.present()
}

fn margin_line<'a>(area: &Area<'a>, x: i32, top: i32, bottom: i32) -> Drawn<'a> {
    for y in (top..bottom).step_by(10) {
        let dash = vec![(x, y), (x, (y + 5).min(bottom))];
        area.draw(&PathElement::new(dash, rgb(Colour::Red).stroke_width(2)))?;
    }
    Ok(())
}

fn paint_row<'a>(area: &Area<'a>, row: &Row, y: i32, across: &Across) -> Drawn<'a> {
    let middle = y + HEIGHT as i32 / 2;
    area.draw_text(&row.name, &sized(INK, LETTERS - 2, HPos::Left), (12, y + 4))?;
    area.draw_text(&row.metric, &sized(INK, LETTERS - 4, HPos::Left), (12, y + 27))?;
    let colour = rgb(row.colour);
    let word = Pos::new(HPos::Left, VPos::Center);
    let style = ("sans-serif", LETTERS - 5).into_font().color(&colour).pos(word);
    area.draw_text(row.word, &style, (PLOT.1 + 14, middle))?;
    let Some((at, low, high)) = row.span else {
        let style = letters(INK, Pos::new(HPos::Center, VPos::Center));
        return area.draw_text("no interval", &style, ((PLOT.0 + PLOT.1) / 2, middle));
    };
    let (left, right) = (across.x(low), across.x(high).max(across.x(low) + 2));
    let bar = [(left, middle - 5), (right, middle + 5)];
    area.draw(&Rectangle::new(bar, colour.mix(0.45).filled()))?;
    // What goes on beyond the axis ends in an arrow.
    let goes_on = [(low < across.from, PLOT.0, 9), (high > across.to, PLOT.1, -9)];
    for (beyond, edge, back) in goes_on {
        if beyond {
            let tip = vec![(edge, middle), (edge + back, middle - 9), (edge + back, middle + 9)];
            area.draw(&Polygon::new(tip, colour.filled()))?;
        }
    }
    if (across.from..=across.to).contains(&at) {
        area.draw(&Circle::new((across.x(at), middle), 6, colour.filled()))?;
    }
    Ok(())
}

fn sized<'a>(colour: RGBColor, size: i32, side: HPos) -> TextStyle<'a> {
    ("sans-serif", size).into_font().color(&colour).pos(Pos::new(side, VPos::Top))
}
