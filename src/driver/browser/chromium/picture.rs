//! Takes pictures of a tab.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::context::Context;
use super::fields::{number, text};
use crate::driver::browser::{Shot, Trouble};

/// A picture: PNG, or JPEG where a quality is given.
pub(super) async fn take(context: &Context, shot: &Shot, by: Instant) -> Result<Vec<u8>, Trouble> {
    let (_, session) = context.current()?;
    let call = |method: &'static str, params| context.line.call(Some(&session), method, params, by);
    let scale = if shot.scale > 0.0 { shot.scale.min(1.0) } else { 1.0 };
    let mut params = json!({"format": "png"});
    if let Some(quality) = shot.quality {
        params = json!({"format": "jpeg", "quality": quality, "optimizeForSpeed": true});
    }
    let whole = shot.full || shot.clip.is_some();
    let (x, y, width, height) = match shot.clip {
        Some(clip) => clip,
        None => bounds(&call("Page.getLayoutMetrics", json!({})).await?, shot.full),
    };
    // Always a clip: without one Chromium gives the last frame it has, which may still be drawn
    // as small as the thumbnail that was taken before.
    params["clip"] = json!({"x": x, "y": y, "width": width, "height": height, "scale": scale});
    params["captureBeyondViewport"] = whole.into();
    let answer = call("Page.captureScreenshot", params).await?;
    let data = STANDARD.decode(text(&answer, "/data"));
    data.map_err(|error| Trouble::Refused(format!("the browser gave no picture: {error}")))
}

/// What is taken: the whole page or what is in view, in CSS pixels of the document.
fn bounds(metrics: &Value, full: bool) -> (f64, f64, f64, f64) {
    let at = |name: &str| number(metrics, name);
    if full {
        let (width, height) = (at("/cssContentSize/width"), at("/cssContentSize/height"));
        return (0.0, 0.0, width.max(1.0), height.max(1.0));
    }
    (
        at("/cssVisualViewport/pageX"),
        at("/cssVisualViewport/pageY"),
        at("/cssVisualViewport/clientWidth"),
        at("/cssVisualViewport/clientHeight"),
    )
}
