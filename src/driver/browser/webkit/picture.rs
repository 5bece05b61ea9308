//! Takes pictures. Classic WebDriver has the viewport; more than that is the same with a taller
//! window, and less is cut out of it.

use std::io::Cursor;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::channel::Context;
use crate::driver::browser::{Shot, Trouble};

/// No window gets taller than X allows; CSS pixels.
const TALLEST: u32 = 30_000;

/// Twice drawn: what the page changed is on the picture.
const DRAWN: &str = "const done = arguments[0]; const end = setTimeout(() => done(1), 250); \
     requestAnimationFrame(() => requestAnimationFrame(() => { clearTimeout(end); done(1); }));";

const MEASURE: &str = "const all = document.documentElement, body = document.body; \
     return [scrollX, scrollY, innerWidth, innerHeight, \
     Math.max(all.scrollWidth, body ? body.scrollWidth : 0), \
     Math.max(all.scrollHeight, body ? body.scrollHeight : 0), devicePixelRatio];";

impl Context {
    /// `Channel::picture`.
    pub(super) async fn take_picture(
        &mut self,
        shot: &Shot,
        by: Instant,
    ) -> Result<Vec<u8>, Trouble> {
        self.enter(&[], by).await?;
        let tall = shot.full || shot.clip.is_some();
        if !tall {
            self.drawn(by).await?;
            return self.viewport(by).await;
        }
        let measured = self.measure(by).await?;
        let [left, top, width, height, _, page, scale] = measured;
        let (from, size) = match shot.clip {
            Some((x, y, w, h)) => ((x, y), (w, h)),
            None => ((0.0, 0.0), (width, page.max(height))),
        };
        // What is in view already needs no taller window.
        let in_view = from.1 >= top && from.1 + size.1 <= top + height && !shot.full;
        if in_view {
            self.drawn(by).await?;
            let png = self.viewport(by).await?;
            return cut(&png, (from.0 - left, from.1 - top), size, scale);
        }
        let (wide, high) = self.emulation.viewport;
        let needed = (page.ceil() as u32).clamp(high, TALLEST);
        self.resize((wide, needed), by).await?;
        let taken = self.whole_page(by).await;
        self.resize((wide, high), by).await?;
        let back = "window.scrollTo({left: arguments[0], top: arguments[1], behavior: 'instant'});";
        self.ask(back, vec![json!(left), json!(top)], by).await?;
        let (png, offset) = taken?;
        cut(&png, (from.0 - offset.0, from.1 - offset.1), size, scale)
    }

    /// A picture, and how far the page is scrolled nevertheless.
    async fn whole_page(&mut self, by: Instant) -> Result<(Vec<u8>, (f64, f64)), Trouble> {
        self.ask("window.scrollTo(0, 0);", Vec::new(), by).await?;
        self.drawn(by).await?;
        let [left, top, ..] = self.measure(by).await?;
        Ok((self.viewport(by).await?, (left, top)))
    }

    /// Waits until what the page has come to is drawn.
    async fn drawn(&mut self, by: Instant) -> Result<(), Trouble> {
        let body = json!({ "script": DRAWN, "args": [] });
        match self.wire.post("execute/async", body, by).await {
            // A dialog or another page is in the way: what is to be seen is seen without.
            Err(Trouble::Navigated | Trouble::Refused(_) | Trouble::Script(_)) => Ok(()),
            other => other.map(|_| ()),
        }
    }

    async fn measure(&mut self, by: Instant) -> Result<[f64; 7], Trouble> {
        let told = self.ask(MEASURE, Vec::new(), by).await?;
        Ok(std::array::from_fn(|at| told[at].as_f64().unwrap_or_default()))
    }

    async fn viewport(&mut self, by: Instant) -> Result<Vec<u8>, Trouble> {
        loop {
            match self.wire.get("screenshot", by).await {
                Ok(Value::String(text)) => {
                    let png = STANDARD.decode(text.trim());
                    return png.map_err(|error| Trouble::Refused(format!("no picture: {error}")));
                }
                Ok(_) => return Err(Trouble::Refused("the driver gave no picture".to_string())),
                Err(trouble) if super::call::is_dialog(&trouble) && Instant::now() < by => {
                    self.answer_dialog(by).await?;
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }

    /// Makes the viewport this large, CSS pixels.
    ///
    /// # Errors
    /// `Unsupported` when the window cannot be as wanted.
    pub(super) async fn resize(
        &mut self,
        (width, height): (u32, u32),
        by: Instant,
    ) -> Result<(), Trouble> {
        let inner = "return [innerWidth, innerHeight, outerWidth, outerHeight];";
        let mut asked = (0, 0);
        let until = by.min(Instant::now() + Duration::from_secs(5));
        loop {
            let told = self.ask(inner, Vec::new(), by).await?;
            let number = |at: usize| told[at].as_i64().unwrap_or_default();
            if (number(0), number(1)) == (i64::from(width), i64::from(height)) {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(Trouble::Unsupported(format!(
                    "a viewport of {width} x {height} (the window gives {} x {})",
                    number(0),
                    number(1)
                )));
            }
            // The window's own parts are what lies between.
            let outer = (
                i64::from(width) + number(2) - number(0),
                i64::from(height) + number(3) - number(1),
            );
            if outer != asked {
                asked = outer;
                let body = json!({ "width": outer.0.max(1), "height": outer.1.max(1) });
                self.command("window/rect", body, by).await?;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Cuts a part out of a PNG; CSS pixels, of which each has `scale` of the picture's. What lies
/// outside is left away.
fn cut(
    png: &[u8],
    (left, top): (f64, f64),
    (width, height): (f64, f64),
    scale: f64,
) -> Result<Vec<u8>, Trouble> {
    let bad = |error: &dyn std::fmt::Display| Trouble::Refused(format!("no picture: {error}"));
    let mut decoder = png::Decoder::new(Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|error| bad(&error))?;
    let size = reader.output_buffer_size().ok_or_else(|| bad(&"it is too large"))?;
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(|error| bad(&error))?;
    let edge = |at: f64, most: u32| ((at * scale).round().max(0.0) as u32).min(most);
    let (x0, x1) = (edge(left, frame.width), edge(left + width, frame.width));
    let (y0, y1) = (edge(top, frame.height), edge(top + height, frame.height));
    if x0 >= x1 || y0 >= y1 {
        return Err(Trouble::Refused("there is nothing to see of it".to_string()));
    }
    let depth = frame.color_type.samples();
    let mut part = Vec::with_capacity((x1 - x0) as usize * (y1 - y0) as usize * depth);
    for y in y0..y1 {
        let row = y as usize * frame.line_size;
        part.extend_from_slice(&pixels[row + x0 as usize * depth..row + x1 as usize * depth]);
    }
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, x1 - x0, y1 - y0);
    encoder.set_color(frame.color_type);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(|error| bad(&error))?;
    writer.write_image_data(&part).map_err(|error| bad(&error))?;
    writer.finish().map_err(|error| bad(&error))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_cut_out_in_device_pixels_and_never_beyond_the_edge() {
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, 8, 4);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        let pixels: Vec<u8> = (0..32).flat_map(|at| [at, 0, 0, 255]).collect();
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(&pixels).expect("pixels");
        drop(writer);
        let part = cut(&png, (1.0, 1.0), (100.0, 1.0), 2.0).expect("a part");
        let mut reader = png::Decoder::new(Cursor::new(part)).read_info().expect("a PNG");
        let mut seen = vec![0; reader.output_buffer_size().expect("a size")];
        let frame = reader.next_frame(&mut seen).expect("a frame");
        assert_eq!((frame.width, frame.height), (6, 2));
        let firsts: Vec<u8> = seen.chunks(4).map(|pixel| pixel[0]).collect();
        assert_eq!(firsts, [18, 19, 20, 21, 22, 23, 26, 27, 28, 29, 30, 31]);
        assert!(cut(&png, (50.0, 0.0), (1.0, 1.0), 1.0).is_err());
    }
}
