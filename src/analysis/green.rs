//! Says how an attempt differs from one of the same test that passed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::finding::{excerpt, number_of};
use super::lines::{self, Line};
use super::pairs::{asked, requests, same_step, without_origin};
use crate::picture;
use crate::result::trace::{Trace, TraceRequest};
use crate::units::{show_duration_us, show_percent};

/// How often slower something must be, and by how many milliseconds, to be told.
const SLOWER: (f64, f64) = (2.0, 200.0);

/// How far one pixel may be off, and how wide the picture of the differences is.
const PICTURE: (f64, u32) = (0.1, 640);

/// What differs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Difference {
    /// Requests, failed ones first.
    pub requests: Vec<RequestChange>,
    /// The ARIA tree, around what changed.
    pub tree: Vec<Line>,
    /// The console: errors and warnings.
    pub console: Vec<Line>,
    /// Steps that took much longer.
    pub steps: Vec<StepChange>,
    /// The picture at the end.
    pub screen: Option<ScreenChange>,
    /// Why tree and picture cannot be compared.
    pub elsewhere: Option<String>,
}

/// How a request differs.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestChange {
    /// What was asked for: `GET /api/meals/…`.
    pub request: String,
    /// What is different.
    pub change: Change,
    /// As a sentence without its subject: `was answered 500 instead of 200`.
    pub text: String,
}

/// What is different about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It failed.
    Failed,
    /// Its answer has another status.
    Status,
    /// It took much longer, or was not answered.
    Slower,
    /// It was not sent.
    Missing,
    /// It was not sent before.
    New,
}

/// A step that took much longer.
#[derive(Debug, Clone, PartialEq)]
pub struct StepChange {
    /// Its name.
    pub step: String,
    /// Milliseconds.
    pub before_ms: f64,
    /// Milliseconds.
    pub now_ms: f64,
}

/// How the picture differs.
#[derive(Debug, Clone, PartialEq)]
pub struct ScreenChange {
    /// The share of pixels that changed; none where the sizes differ.
    pub share: Option<f64>,
    /// A small picture of what changed, as a `data:` URL.
    pub picture: Option<String>,
    /// In words.
    pub text: String,
}

/// Compares an attempt with one that passed.
pub fn difference(green: &Trace, red: &Trace) -> Difference {
    let (tree, screen, elsewhere) = match page_of(green) == page_of(red) {
        true => (tree(green, red), screen(green, red), None),
        false => {
            let told = |trace| excerpt(page_of(trace).unwrap_or("no page"), 120);
            let text = format!("it ended at `{}`, and then at `{}`", told(green), told(red));
            (Vec::new(), None, Some(text))
        }
    };
    let requests = request_changes(green, red);
    Difference {
        requests,
        tree,
        console: console(green, red),
        steps: steps(green, red),
        screen,
        elsewhere,
    }
}

impl Difference {
    /// Whether nothing differs that is worth a word.
    pub fn is_empty(&self) -> bool {
        self.sentences().is_empty()
    }

    /// What differs, most telling first, one sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let mut told: Vec<String> =
            self.requests.iter().map(|one| format!("`{}` {}.", one.request, one.text)).collect();
        for line in &self.console {
            if let Line::New(text) = line {
                told.push(format!("New on the console: `{}`.", excerpt(text, 160)));
            }
        }
        told.extend(self.tree_sentence());
        told.extend(self.screen.as_ref().map(|screen| screen.text.clone()));
        told.extend(self.steps.iter().map(|step| {
            let (before, now) = (ms(step.before_ms), ms(step.now_ms));
            format!("`{}` took {now}, and {before} before.", excerpt(&step.step, 80))
        }));
        told
    }

    fn tree_sentence(&self) -> Option<String> {
        let texts = |wanted: fn(&Line) -> Option<&String>| {
            let found: Vec<&String> = self.tree.iter().filter_map(wanted).collect();
            let first = found.iter().find(|line| !line.trim().is_empty());
            first.map(|first| (found.len(), excerpt(first.trim().trim_start_matches("- "), 80)))
        };
        let gone = texts(|line| if let Line::Gone(text) = line { Some(text) } else { None });
        let new = texts(|line| if let Line::New(text) = line { Some(text) } else { None });
        let part = |(count, first): (usize, String), word: &str| match count {
            1 => format!("`{first}` is {word}"),
            _ => format!("`{first}` and {} are {word}", number_of(count - 1, "more line")),
        };
        let parts: Vec<String> = gone
            .map(|gone| part(gone, "gone"))
            .into_iter()
            .chain(new.map(|new| part(new, "new")))
            .collect();
        (!parts.is_empty()).then(|| format!("In the page {}.", parts.join("; ")))
    }
}

/// The path of the page at the end.
fn page_of(trace: &Trace) -> Option<&str> {
    let path = without_origin(&trace.last.as_ref()?.url);
    path.split(['?', '#']).next()
}

fn request_changes(green: &Trace, red: &Trace) -> Vec<RequestChange> {
    let mut changes = Vec::new();
    // What a stub did is the test's own doing.
    let told = requests(red, green).into_iter();
    for (now, before) in told.filter(|(now, _)| !now.stubbed && !now.was_given_up()) {
        let change = match before {
            Some(before) => against(before, now),
            None => failed(now).map(|text| (Change::Failed, text)).or(Some(new(now))),
        };
        changes.extend(change.map(|(change, text)| RequestChange {
            request: asked(now),
            change,
            text,
        }));
    }
    let until = reached(green, red);
    for (before, now) in requests(green, red) {
        if now.is_none() && before.at_ms < until {
            let text = "was not sent".to_string();
            changes.push(RequestChange { request: asked(before), change: Change::Missing, text });
        }
    }
    changes.sort_by_key(|change| change.change);
    changes
}

/// Up to where the attempt that passed did what the other one came to.
fn reached(green: &Trace, red: &Trace) -> f64 {
    match red.failed_step() {
        None => f64::INFINITY,
        // The failed step never did what it was waiting for, perhaps.
        Some((at, _)) => same_step(red, at, green).map_or(0.0, |step| step.at_ms + step.took_ms),
    }
}

fn against(before: &TraceRequest, now: &TraceRequest) -> Option<(Change, String)> {
    if before.failed.is_none()
        && let Some(text) = failed(now)
    {
        return Some((Change::Failed, text));
    }
    if let (Some(was), Some(is)) = (before.status, now.status)
        && was != is
    {
        return Some((Change::Status, format!("was answered {is} instead of {was}")));
    }
    let was = before.took_ms?;
    match now.took_ms {
        None if now.failed.is_none() => {
            Some((Change::Slower, format!("was not answered; it took {} before", ms(was))))
        }
        Some(is) if is >= SLOWER.0 * was && is >= was + SLOWER.1 => {
            Some((Change::Slower, format!("took {}, and {} before", ms(is), ms(was))))
        }
        _ => None,
    }
}

fn failed(request: &TraceRequest) -> Option<String> {
    let why = request.failed.as_ref()?;
    Some(format!("failed: {}", excerpt(why, 120)))
}

fn new(request: &TraceRequest) -> (Change, String) {
    let status = request.status.map(|status| format!(", answered {status}")).unwrap_or_default();
    (Change::New, format!("is new{status}"))
}

fn tree(green: &Trace, red: &Trace) -> Vec<Line> {
    let text =
        |trace: &Trace| trace.last.as_ref().map(|last| last.aria.clone()).unwrap_or_default();
    let (before, now) = (text(green), text(red));
    // Without one of them there is nothing to compare.
    match before.is_empty() || now.is_empty() {
        true => Vec::new(),
        false => lines::shortened(lines::compare(&before, &now), 2),
    }
}

fn console(green: &Trace, red: &Trace) -> Vec<Line> {
    let text = |trace: &Trace| {
        let grave = trace.messages.iter().filter(|one| one.level != "info" && one.level != "debug");
        let texts: Vec<String> = grave.map(|one| excerpt(&one.text, 300)).collect();
        texts.join("\n")
    };
    lines::shortened(lines::compare(&text(green), &text(red)), 0)
}

fn steps(green: &Trace, red: &Trace) -> Vec<StepChange> {
    let passed = red.steps.iter().enumerate().filter(|(_, step)| step.failure.is_none());
    let slower = passed.filter_map(|(at, step)| {
        let before_ms = same_step(red, at, green)?.took_ms;
        let now_ms = step.took_ms;
        let slower = now_ms >= SLOWER.0 * before_ms && now_ms >= before_ms + SLOWER.1;
        slower.then(|| StepChange { step: step.name.clone(), before_ms, now_ms })
    });
    let mut slower: Vec<StepChange> = slower.collect();
    slower.sort_by(|a, b| (b.now_ms - b.before_ms).total_cmp(&(a.now_ms - a.before_ms)));
    slower
}

fn screen(green: &Trace, red: &Trace) -> Option<ScreenChange> {
    let png = |trace: &Trace| {
        let url = trace.last.as_ref()?.screenshot.as_ref()?;
        STANDARD.decode(url.strip_prefix("data:image/png;base64,")?).ok()
    };
    let (before, now) = (png(green)?, png(red)?);
    match picture::compare(&before, &now, PICTURE.0) {
        // What cannot be compared is shown by itself all the same.
        Err(text) => {
            let text = format!("The picture cannot be compared: {text}.");
            Some(ScreenChange { share: None, picture: None, text })
        }
        Ok(seen) if seen.changed == 0 => None,
        Ok(seen) => {
            let small = picture::shrink(&seen.diff, PICTURE.1).ok();
            let picture =
                small.map(|png| format!("data:image/png;base64,{}", STANDARD.encode(png)));
            let text = format!("{} of the picture changed.", show_percent(seen.share));
            Some(ScreenChange { share: Some(seen.share), picture, text })
        }
    }
}

/// Milliseconds in words.
pub(super) fn ms(milliseconds: f64) -> String {
    show_duration_us((milliseconds.max(0.0) * 1_000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::sketch;

    #[test]
    fn a_run_does_not_differ_from_itself() {
        assert_eq!(difference(&sketch::green(), &sketch::green()), Difference::default());
    }

    #[test]
    fn requests_that_differ_are_told_failed_ones_first() {
        let (green, mut red) = (sketch::green(), sketch::red());
        red.requests[0].took_ms = Some(900.0);
        red.requests[1].status = Some(500);
        let mut other = sketch::request(300.0, None, "GET", "http://localhost:4/x/9?a=1", None);
        other.failed = Some("net::ERR_CONNECTION_RESET".to_string());
        red.requests.push(other);
        red.requests.push(sketch::request(
            310.0,
            Some(1.0),
            "GET",
            "http://h.example/y",
            Some(204),
        ));
        assert_eq!(
            difference(&green, &red).sentences(),
            [
                "`GET /x/…?a` failed: net::ERR_CONNECTION_RESET.",
                "`POST /api/v1/cart/…` was answered 500 instead of 201.",
                "`GET /shop` took 900 ms, and 31 ms before.",
                "`GET h.example/y` is new, answered 204.",
            ]
        );
    }

    #[test]
    fn a_request_of_later_steps_is_not_missing() {
        let mut green = sketch::green();
        green.steps.push(sketch::step("click pay", 400.0, 50.0, 10_000.0));
        green.requests.push(sketch::request(
            410.0,
            Some(5.0),
            "POST",
            "http://localhost:1/pay",
            None,
        ));
        let mut red = sketch::red();
        assert!(difference(&green, &red).requests.is_empty());
        red.requests.pop();
        let missing = difference(&green, &red).sentences();
        assert_eq!(missing, ["`POST /api/v1/cart/…` was not sent."]);
    }

    #[test]
    fn an_answer_that_never_came_is_a_difference() {
        let (green, mut red) = (sketch::green(), sketch::red());
        red.requests[1].took_ms = None;
        red.requests[1].status = None;
        let told = difference(&green, &red).sentences();
        assert_eq!(told, ["`POST /api/v1/cart/…` was not answered; it took 60 ms before."]);
    }

    #[test]
    fn the_page_the_console_and_the_times_are_compared() {
        let (green, mut red) = (sketch::green(), sketch::red());
        let last = red.last.as_mut().unwrap();
        last.aria = last.aria.replace("1 item", "0 items");
        red.messages.push(sketch::message("uncaught", "TypeError: x is undefined"));
        red.messages.push(sketch::message("info", "hello"));
        red.steps[0].took_ms = 800.0;
        assert_eq!(
            difference(&green, &red).sentences(),
            [
                "New on the console: `TypeError: x is undefined`.",
                "In the page `text: 1 item` is gone; `text: 0 items` is new.",
                "`goto /shop` took 800 ms, and 120 ms before.",
            ]
        );
        red.last.as_mut().unwrap().url = "http://127.0.0.1:4000/login".to_string();
        let found = difference(&green, &red);
        assert!(found.tree.is_empty());
        assert_eq!(found.elsewhere.as_deref(), Some("it ended at `/shop`, and then at `/login`"));
    }

    /// A grey picture of this size with a black bar of so many columns.
    fn shot(size: u32, bar: u32) -> String {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size, size);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().unwrap();
        let row = (0..size).map(|x| if x < bar { 0 } else { 200 });
        let rows: Vec<u8> = (0..size).flat_map(|_| row.clone()).collect();
        writer.write_image_data(&rows).unwrap();
        writer.finish().unwrap();
        format!("data:image/png;base64,{}", STANDARD.encode(&bytes))
    }

    #[test]
    fn the_pictures_are_compared() {
        let with = |mut trace: Trace, shot: String| {
            trace.last.as_mut().unwrap().screenshot = Some(shot);
            trace
        };
        let green = with(sketch::green(), shot(20, 0));
        let told = difference(&green, &with(sketch::red(), shot(20, 5))).screen.unwrap();
        assert_eq!((told.share, told.text.as_str()), (Some(0.25), "25% of the picture changed."));
        assert!(told.picture.unwrap().starts_with("data:image/png;base64,"));
        assert!(difference(&green, &with(sketch::red(), shot(20, 0))).screen.is_none());
        let told = difference(&green, &with(sketch::red(), shot(30, 0))).screen.unwrap();
        assert!(told.text.contains("30 x 30 pixels, and 20 x 20 were expected"), "{}", told.text);
        let broken = "data:image/png;base64,AAAA".to_string();
        assert!(difference(&green, &with(sketch::red(), broken)).screen.unwrap().share.is_none());
    }
}
