//! Draws the charts as SVG, with plotters: as files of their own, and within a page.

use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::chart::{Axis, Chart, Colour, Line, charts};
use super::forest::forest;
use super::rows::Report;
use super::shift::shifts;
use crate::analysis::Verdict;

/// Large enough for a desk; its letters are still readable at the width of a phone.
pub(super) const SIZE: (u32, u32) = (640, 360);

/// Of letters, in pixels of `SIZE`.
pub(super) const LETTERS: i32 = 22;

pub(super) const INK: RGBColor = RGBColor(0x3b, 0x47, 0x54);
pub(super) const GRID: RGBColor = RGBColor(0xe1, 0xe5, 0xea);

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plot<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Ticked, Ticked>>;

/// An axis as plotters wants it: with the ticks it is told and their labels, and no others.
struct Ticked {
    from: f64,
    to: f64,
    ticks: Vec<(f64, String)>,
}

/// Each chart as a file with a white ground.
pub(super) fn files(report: &Report<'_>) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = charts(report).iter().map(file).collect();
    files.extend(comparison_files(report.verdict));
    files
}

/// The charts of a comparison, each as a file: `changes.svg`, and `shift-1.svg` and so on for
/// what failed.
pub(super) fn comparison_files(verdict: &Verdict) -> Vec<(String, String)> {
    let changes = forest(verdict, true).map(|(_, svg)| ("changes.svg".to_string(), svg));
    changes.into_iter().chain(shifts(verdict).iter().map(file)).collect()
}

fn file(chart: &Chart) -> (String, String) {
    (format!("{}.svg", chart.name), draw(chart, true))
}

fn draw(chart: &Chart, ground: bool) -> String {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        if paint(&area, chart, ground).is_err() {
            // Writing to memory cannot fail; what was drawn so far is still a picture.
            return String::new();
        }
    }
    describe(&text, &chart.title)
}

/// Adds the title for those who cannot see the chart: plotters writes none.
pub(super) fn describe(svg: &str, title: &str) -> String {
    let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let opened = format!("<svg role=\"img\" aria-label=\"{title}\" ");
    let text = svg.replacen("<svg ", &opened, 1);
    text.replacen(">\n", &format!(">\n<title>{title}</title>\n"), 1)
}

pub(super) type Drawn<'a> =
    Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

fn paint<'a>(area: &Area<'a>, chart: &Chart, ground: bool) -> Drawn<'a> {
    if ground {
        area.fill(&WHITE)?;
        let style = letters(INK, Pos::new(HPos::Left, VPos::Top));
        area.draw_text(&chart.title, &style, (16, 12))?;
    }
    let top = if ground { 40 } else { 8 };
    legend(area, &chart.lines, top)?;
    if chart.lines.is_empty() {
        let style = letters(INK, Pos::new(HPos::Center, VPos::Center));
        area.draw_text("no data", &style, (SIZE.0 as i32 / 2, SIZE.1 as i32 / 2))?;
        return area.present();
    }
    let mut plot = ChartBuilder::on(area)
        .margin_top(top + 34)
        .margin_right(32)
        .margin_bottom(8)
        .margin_left(6)
        .x_label_area_size(34)
        .y_label_area_size(82)
        .build_cartesian_2d(Ticked::of(&chart.x), Ticked::of(&chart.y))?;
    plot.configure_mesh()
        .disable_x_mesh()
        .axis_style(GRID)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .x_labels(chart.x.ticks.len())
        .y_labels(chart.y.ticks.len())
        .label_style(("sans-serif", LETTERS - 1).into_font().color(&INK))
        .draw()?;
    for line in &chart.lines {
        draw_line(&mut plot, line, chart.y.from)?;
    }
    area.present()
}

fn draw_line<'b>(plot: &mut Plot<'_, 'b>, line: &Line, floor: f64) -> Drawn<'b> {
    let colour = rgb(line.colour);
    let points = || line.points.iter().copied();
    if line.filled {
        let first = line.points.first().map(|(x, _)| (*x, floor));
        let last = line.points.last().map(|(x, _)| (*x, floor));
        let outline: Vec<(f64, f64)> = first.into_iter().chain(points()).chain(last).collect();
        plot.draw_series([Polygon::new(outline, colour.mix(0.15))])?;
    }
    if !line.band.is_empty() {
        plot.draw_series([Polygon::new(line.band.clone(), colour.mix(0.2))])?;
    }
    match line.dashed {
        true => {
            let style = colour.mix(0.75).stroke_width(2);
            plot.draw_series(DashedLineSeries::new(points(), 5, 5, style))?;
        }
        false => {
            plot.draw_series(LineSeries::new(points(), colour.stroke_width(2)))?;
            if let [(x, y)] = line.points.as_slice() {
                plot.draw_series([Circle::new((*x, *y), 4, colour.filled())])?;
            }
        }
    }
    Ok(())
}

/// Names beside short strokes, in one row as far as they fit and then in a second one.
fn legend<'a>(area: &Area<'a>, lines: &[Line], top: u32) -> Drawn<'a> {
    let (mut x, mut y) = (16, top as i32 + 8);
    for line in lines.iter().filter(|line| !line.label.is_empty()) {
        // Without the font at hand: letters are a little over half as wide as high.
        let width = 30 + line.label.chars().count() as i32 * LETTERS * 44 / 100 + 16;
        if x + width > SIZE.0 as i32 && x > 16 {
            (x, y) = (16, y + LETTERS + 3);
        }
        let stroke = rgb(line.colour).stroke_width(3);
        area.draw(&PathElement::new(vec![(x, y), (x + 20, y)], stroke))?;
        let style = letters(INK, Pos::new(HPos::Left, VPos::Center));
        area.draw_text(&line.label, &style, (x + 27, y))?;
        x += width;
    }
    Ok(())
}

pub(super) fn letters<'a>(colour: RGBColor, pos: Pos) -> TextStyle<'a> {
    ("sans-serif", LETTERS).into_font().color(&colour).pos(pos)
}

impl Ticked {
    fn of(axis: &Axis) -> Self {
        Self { from: axis.from, to: axis.to, ticks: axis.ticks.clone() }
    }
}

impl Ranged for Ticked {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (low, high): (i32, i32)) -> i32 {
        let share = (value - self.from) / (self.to - self.from);
        low + (share * f64::from(high - low)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(at, _)| *at).collect()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Ticked {
    fn format_ext(&self, value: &f64) -> String {
        let same = |(tick, _): &&(f64, String)| (tick - value).abs() < 1e-9;
        self.ticks.iter().find(same).map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

pub(super) fn rgb(colour: Colour) -> RGBColor {
    match colour {
        Colour::Blue => RGBColor(0x2a, 0x6f, 0xbb),
        Colour::Orange => RGBColor(0xc8, 0x64, 0x1e),
        Colour::Green => RGBColor(0x2b, 0x8a, 0x66),
        Colour::Purple => RGBColor(0x83, 0x59, 0xb3),
        Colour::Brown => RGBColor(0x8c, 0x6d, 0x1f),
        Colour::Red => RGBColor(0xc2, 0x36, 0x2f),
    }
}
