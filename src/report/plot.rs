//! Draws a chart into a page: lines as SVG that stretches with the page, ticks and legend as text
//! that keeps its size, and the numbers as a table. The page's script zooms by moving the SVG's
//! view, and reads values from its points; nothing is there twice.

use std::fmt::Write;

use super::chart::{Axis, Chart, Colour, Line, Scale, along, count_label, moment_label};
use super::html::escape;
use crate::units::{show_duration_us, show_percent};

/// The width and height of the SVG's own coordinates.
const SIZE: f64 = 1_000.0;

/// Rows of the table where the chart has more points than anybody reads.
const ROWS: usize = 40;

/// The quantiles of a table.
const QUANTILES: [f64; 9] = [0.0, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999];

/// The chart, to stand within a `figure`.
pub(super) fn plot(chart: &Chart) -> String {
    let mut page = String::new();
    // Writing into a String cannot fail.
    let _ = write_plot(&mut page, chart);
    page
}

fn write_plot(page: &mut String, chart: &Chart) -> std::fmt::Result {
    legend(page, &chart.lines)?;
    let (x, y) = (&chart.x, &chart.y);
    let title = escape(&chart.title);
    writeln!(
        page,
        "<div class=\"plot\" data-x=\"{} {} {}\" data-y=\"{} {} {}\">",
        name(x.scale),
        trimmed(x.from, 6),
        trimmed(x.to, 6),
        name(y.scale),
        trimmed(y.from, 6),
        trimmed(y.to, 6)
    )?;
    let ticks = |page: &mut String, class: &str, side: &str, axis: &Axis| {
        write!(page, "<div class=\"{class}\" aria-hidden=\"true\">")?;
        for (at, label) in axis.ticks.iter().filter(|(at, _)| (axis.from..=axis.to).contains(at)) {
            let share = (at - axis.from) / (axis.to - axis.from);
            let share = if side == "top" { 1.0 - share } else { share };
            let label = escape(label);
            write!(page, "<span style=\"{side}:{}%\"><b>{label}</b></span>", short(share * 100.0))?;
        }
        page.write_str("</div>\n")
    };
    ticks(page, "ys", "top", y)?;
    ticks(page, "xs", "left", x)?;
    writeln!(
        page,
        "<svg role=\"img\" aria-label=\"{title}: {}\" viewBox=\"0 0 1000 1000\" \
         preserveAspectRatio=\"none\">",
        escape(&summary(chart))
    )?;
    for line in &chart.lines {
        draw(page, line, chart)?;
    }
    page.write_str("</svg>\n</div>\n")?;
    table(page, chart)
}

fn legend(page: &mut String, lines: &[Line]) -> std::fmt::Result {
    page.write_str("<ul class=\"legend\">")?;
    for line in lines.iter().filter(|line| !line.label.is_empty()) {
        write!(page, "<li class=\"{}\">{}</li>", colour(line.colour), escape(&line.label))?;
    }
    page.write_str("</ul>\n")
}

fn draw(page: &mut String, line: &Line, chart: &Chart) -> std::fmt::Result {
    let class = colour(line.colour);
    let place = |(x, y): (f64, f64)| {
        let across = (x - chart.x.from) / (chart.x.to - chart.x.from) * SIZE;
        let down = SIZE - (y - chart.y.from) / (chart.y.to - chart.y.from) * SIZE;
        format!("{},{}", short(across), short(down))
    };
    let points = |all: &[(f64, f64)]| -> String {
        all.iter().map(|point| place(*point)).collect::<Vec<_>>().join(" ")
    };
    if line.filled
        && let (Some(first), Some(last)) = (line.points.first(), line.points.last())
    {
        let floor = |x: f64| place((x, chart.y.from));
        let edge = points(&line.points);
        writeln!(
            page,
            "<polygon class=\"area {class}\" points=\"{} {edge} {}\"/>",
            floor(first.0),
            floor(last.0)
        )?;
    }
    if !line.band.is_empty() {
        writeln!(page, "<polygon class=\"area {class}\" points=\"{}\"/>", points(&line.band))?;
    }
    let dashed = if line.dashed { " dashed" } else { "" };
    let mut all = line.points.clone();
    if let [(x, y)] = all[..] {
        // A single point would be no line, and so nothing to see.
        let wide = (chart.x.to - chart.x.from) / 100.0;
        all = vec![(x - wide, y), (x + wide, y)];
    }
    writeln!(
        page,
        "<polyline class=\"line {class}{dashed}\" vector-effect=\"non-scaling-stroke\" \
         data-name=\"{}\" points=\"{}\"/>",
        escape(&called(line, &chart.lines)),
        points(&all)
    )
}

/// What a line is called in the table: that of the baseline has no label of its own.
fn called(line: &Line, lines: &[Line]) -> String {
    let same = |other: &&Line| other.colour == line.colour && !other.label.is_empty();
    match (line.label.as_str(), lines.iter().find(same)) {
        ("", Some(other)) => format!("{}, baseline", other.label),
        ("", None) => String::new(),
        (label, _) => label.to_string(),
    }
}

/// The chart in a sentence: between which values each line goes.
fn summary(chart: &Chart) -> String {
    let range = |line: &Line| {
        let heights = || line.points.iter().map(|(_, y)| *y);
        let low = heights().fold(f64::INFINITY, f64::min);
        let high = heights().fold(f64::NEG_INFINITY, f64::max);
        let show = |y: f64| show(chart.y.scale, y);
        format!("{} from {} to {}", called(line, &chart.lines), show(low), show(high))
    };
    let named = |line: &&Line| !called(line, &chart.lines).is_empty() && !line.points.is_empty();
    chart.lines.iter().filter(named).map(range).collect::<Vec<_>>().join("; ")
}

fn table(page: &mut String, chart: &Chart) -> std::fmt::Result {
    let named: Vec<(String, &Line)> =
        chart.lines.iter().map(|line| (called(line, &chart.lines), line)).collect();
    let named: Vec<_> = named.into_iter().filter(|(name, _)| !name.is_empty()).collect();
    let title = escape(&chart.title);
    write!(
        page,
        "<details class=\"numbers\"><summary>Numbers</summary>\n<div class=\"scroll\" \
         tabindex=\"0\" role=\"group\" aria-label=\"Numbers: {title}\">\n<table>\n<thead><tr>\
         <th scope=\"col\">{}</th>",
        heading(chart.x.scale)
    )?;
    for (name, _) in &named {
        write!(page, "<th scope=\"col\">{}</th>", escape(name))?;
    }
    page.write_str("</tr></thead>\n<tbody>\n")?;
    for x in rows(chart) {
        write!(page, "<tr><th scope=\"row\">{}</th>", escape(&show(chart.x.scale, x)))?;
        for (_, line) in &named {
            let value = at(line, x).map_or("–".to_string(), |y| show(chart.y.scale, y));
            write!(page, "<td>{}</td>", escape(&value))?;
        }
        page.write_str("</tr>\n")?;
    }
    page.write_str("</tbody>\n</table>\n</div>\n</details>\n")
}

/// Where the rows of the table are.
fn rows(chart: &Chart) -> Vec<f64> {
    if chart.x.scale == Scale::Quantile {
        let all = QUANTILES.iter().map(|q| along(*q));
        return all.filter(|x| chart.lines.iter().any(|line| at(line, *x).is_some())).collect();
    }
    let mut all: Vec<f64> =
        chart.lines.iter().flat_map(|line| line.points.iter().map(|(x, _)| *x)).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    // Seconds are all told; of what is smooth some are enough.
    let every = match chart.x.scale {
        Scale::Time => 1,
        _ => all.len() / ROWS + 1,
    };
    all.into_iter().step_by(every).collect()
}

/// The height of a line there, between its neighbours if need be; none beyond its ends.
fn at(line: &Line, x: f64) -> Option<f64> {
    let after = line.points.iter().position(|(other, _)| *other >= x - 1e-9)?;
    let (right, high) = line.points[after];
    match after.checked_sub(1).map(|before| line.points[before]) {
        _ if (right - x).abs() < 1e-9 => Some(high),
        None => None,
        Some((left, low)) => Some(low + (high - low) * (x - left) / (right - left)),
    }
}

/// A number of an axis in words.
fn show(scale: Scale, value: f64) -> String {
    match scale {
        Scale::Time => moment_label(value.max(0.0) as u32),
        Scale::Quantile if value <= 0.0 => "min".to_string(),
        Scale::Quantile => format!("p{}", trimmed(100.0 - 10f64.powf(2.0 - value), 4)),
        Scale::Latency if value <= 0.0 => "≤ 1 µs".to_string(),
        Scale::Latency => show_duration_us(10f64.powf(value).round() as u64),
        Scale::Count => count_label((value * 10.0).round() / 10.0),
        Scale::Percent => show_percent(value / 100.0),
        Scale::Change => format!("{value:+.1}%"),
    }
}

fn heading(scale: Scale) -> &'static str {
    match scale {
        Scale::Time => "Time",
        Scale::Quantile => "Percentile",
        Scale::Latency => "About",
        Scale::Count | Scale::Percent | Scale::Change => "At",
    }
}

/// As the page's script knows it.
fn name(scale: Scale) -> &'static str {
    match scale {
        Scale::Time => "time",
        Scale::Quantile => "quantile",
        Scale::Latency => "latency",
        Scale::Count => "count",
        Scale::Percent => "percent",
        Scale::Change => "change",
    }
}

/// As the page's style knows it.
fn colour(colour: Colour) -> &'static str {
    match colour {
        Colour::Blue => "blue",
        Colour::Orange => "orange",
        Colour::Green => "green",
        Colour::Purple => "purple",
        Colour::Brown => "brown",
        Colour::Red => "red",
    }
}

/// A coordinate, as exact as can be seen.
fn short(value: f64) -> String {
    trimmed(value, 2)
}

/// With so many digits behind the point, or fewer where they are nought.
fn trimmed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    if text == "-0" { "0".to_string() } else { text.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(label: &str, points: &[(f64, f64)], dashed: bool) -> Line {
        let (colour, filled) = (Colour::Blue, false);
        let (label, points) = (label.to_string(), points.to_vec());
        Line { label, colour, dashed, filled, points, band: Vec::new() }
    }

    fn chart(lines: Vec<Line>) -> Chart {
        let axis =
            |from: f64, to: f64, scale| Axis { from, to, ticks: vec![(from, "<0".into())], scale };
        let (x, y) = (axis(0.0, 10.0, Scale::Time), axis(3.0, 5.0, Scale::Latency));
        Chart { name: "c".into(), title: "a \"<b>\"".into(), x, y, lines }
    }

    #[test]
    fn numbers_are_said_in_the_words_of_their_axis() {
        let quantiles = [0.0, 0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999];
        let told = quantiles.map(|q| show(Scale::Quantile, along(q))).join(" ");
        assert_eq!(told, "min p50 p90 p95 p99 p99.5 p99.9 p99.99");
        assert_eq!(show(Scale::Latency, 4.0), "10 ms");
        assert_eq!(show(Scale::Percent, 12.5), "12.5%");
        assert_eq!(show(Scale::Change, -3.0), "-3.0%");
        assert_eq!(show(Scale::Time, 150.0), "2:30");
    }

    #[test]
    fn the_picture_and_the_table_have_the_same_points() {
        let own = line("p95", &[(0.0, 3.0), (10.0, 4.0)], false);
        let old = line("", &[(0.0, 3.0), (5.0, 5.0)], true);
        let page = plot(&chart(vec![own, old]));
        assert!(page.contains("data-name=\"p95\" points=\"0,1000 1000,500\""), "{page}");
        assert!(page.contains("data-name=\"p95, baseline\" points=\"0,1000 500,0\""), "{page}");
        let rows = [
            "<th scope=\"row\">5 s</th><td>3.16 ms</td><td>100 ms</td>",
            "<td>10 ms</td><td>–</td>",
        ];
        for row in rows {
            assert!(page.contains(row), "{row} in {page}");
        }
        assert!(page.contains("a &quot;&lt;b&gt;&quot;: p95 from 1 ms to 10 ms"), "{page}");
        assert!(page.contains("&lt;0") && !page.contains("<0"), "{page}");
    }

    #[test]
    fn a_single_point_can_be_seen() {
        let page = plot(&chart(vec![line("p95", &[(5.0, 4.0)], false)]));
        assert!(page.contains("points=\"490,500 510,500\""), "{page}");
    }
}
