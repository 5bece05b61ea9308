//! With scripts the charts of the page zoom and tell their values, by mouse and by keys.

use serde_json::json;
use taster::driver::browser::Input;

use super::{pages, serve, tab};
use crate::chromium::{Opened, Started};

/// The third chart goes over time, as do those after it.
const CHART: &str = "figure:nth-of-type(3) .plot";

/// Across the plot, so many parts of its width.
async fn across(tab: &mut Opened, share: f64) -> (f64, f64) {
    let middle = tab.middle(&format!("#charts ~ .charts {CHART} svg")).await;
    let svg = format!("document.querySelector('#charts ~ .charts {CHART} svg')");
    let width = tab.eval(&format!("{svg}.getBoundingClientRect().width")).await;
    let width = width.as_f64().expect("a number");
    (middle.0 + (share - 0.5) * width, middle.1)
}

async fn key(tab: &mut Opened, key: &str) {
    let name = key.to_string();
    tab.input(&[Input::KeyDown(name.clone()), Input::KeyUp(name)]).await;
}

#[tokio::test]
async fn charts_zoom_by_dragging_and_by_keys_and_tell_what_is_there() {
    let service = serve(pages(), None).await;
    let mut started = Started::new().await;
    let mut tab = tab(&mut started, &service.url, (1280, "light")).await;
    tab.go("/red").await;
    let plot = format!("document.querySelector('#charts ~ .charts {CHART}')");
    tab.eval(&format!("{plot}.scrollIntoView({{block: 'center'}})")).await;
    let view = format!("{plot}.querySelector('svg').getAttribute('viewBox')");
    let ticks = format!("[...{plot}.querySelectorAll('.xs b')].map(b => b.textContent).join(' ')");
    let whole = tab.eval(&ticks).await;
    assert_eq!(tab.eval(&view).await, json!("0 0 1000 1000"));

    // A look at a second tells all lines of it, as the table has them.
    let (x, y) = across(&mut tab, 0.5).await;
    tab.input(&[Input::Move(x, y)]).await;
    let reading = format!("{plot}.querySelector('.reading').innerText");
    let told = tab.eval(&reading).await;
    let told: Vec<&str> = told.as_str().expect("a text").lines().collect();
    let row = format!(
        "[...{plot}.parentElement.querySelectorAll('tbody tr')].map(r => r.innerText.split('\\t'))\
         .find(r => r[0] === '{}')",
        told[0]
    );
    tab.eval(&format!("{plot}.parentElement.querySelector('details').open = true")).await;
    let row = tab.eval(&row).await;
    assert_eq!(told[1], format!("p99 {}", row[1].as_str().expect("a row")), "{told:?} {row}");

    // Dragging zooms all charts along the time, a double click brings all back.
    let (from, to) = (across(&mut tab, 0.25).await, across(&mut tab, 0.5).await);
    let drag =
        [Input::Move(from.0, from.1), Input::Down(0, 1), Input::Move(to.0, to.1), Input::Up(0, 1)];
    tab.input(&drag).await;
    let zoomed = tab.eval(&view).await;
    let numbers: Vec<f64> =
        zoomed.as_str().expect("a text").split(' ').map(|n| n.parse().expect("a number")).collect();
    assert!((numbers[0] - 250.0).abs() < 5.0 && (numbers[2] - 250.0).abs() < 5.0, "{zoomed}");
    assert_ne!(tab.eval(&ticks).await, whole);
    let other = "document.querySelector('#charts ~ .charts figure:nth-of-type(4) svg')\
        .getAttribute('viewBox').split(' ')[0]";
    assert_eq!(tab.eval(&format!("Math.abs({other} - {}) < 1", numbers[0])).await, json!(true));
    let twice = [Input::Down(0, 1), Input::Up(0, 1), Input::Down(0, 2), Input::Up(0, 2)];
    tab.input(&twice).await;
    assert_eq!(tab.eval(&view).await, json!("0 0 1000 1000"));
    assert_eq!(tab.eval(&ticks).await, whole);

    // And by keys, aloud.
    tab.eval(&format!("{plot}.focus()")).await;
    assert_eq!(tab.eval(&format!("document.activeElement === {plot}")).await, json!(true));
    key(&mut tab, "ArrowRight").await;
    let said = tab.eval(&format!("{plot}.querySelector('.said').textContent")).await;
    assert!(said.as_str().is_some_and(|said| said.contains("p99 ")), "{said}");
    key(&mut tab, "+").await;
    assert_ne!(tab.eval(&view).await, json!("0 0 1000 1000"));
    key(&mut tab, "Escape").await;
    assert_eq!(tab.eval(&view).await, json!("0 0 1000 1000"));
    let clicked = "(() => { const b = document.querySelector('.command .copy'); b.click(); \
        return new Promise(r => setTimeout(() => r(b.textContent), 300)); })()";
    assert_eq!(tab.eval(clicked).await, json!("Copied"));
    tab.close().await;
    started.quit().await;
}
