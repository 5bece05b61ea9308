//! Says how two pictures differ, as a person sees it.
//!
//! Two pixels are as far apart as their colours in YIQ, each part weighted by how well the eye
//! tells it (Kotsarenko and Ramos, "Measuring perceived color difference using YIQ NTSC
//! transmission color space in mobile applications", 2010). A pixel on an edge that was smoothed
//! another way is not counted: it lies between a darker and a brighter neighbour, one of which
//! belongs to a plain area in both pictures (Vysniauskas, "Anti-aliased pixel and intensity slope
//! detector", 2009).

mod edge;

use std::io::Cursor;

use edge::is_smoothed;

/// The largest picture that is looked at, in pixels: 100 screens. A file may promise more than
/// it has.
const LARGEST: u64 = 200_000_000;

/// The greatest distance that two colours can have.
const FARTHEST: f64 = 35_215.0;

/// How two pictures of the same size differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Pixels that differ by more than the tolerance.
    pub changed: u64,
    /// Their share of all that were looked at, 0 to 1.
    pub share: f64,
    /// The smallest area that holds all of them.
    pub area: Option<Area>,
    /// PNG: the expected picture, pale, with what differs in red and smoothed edges in yellow.
    /// Empty where nothing differs.
    pub diff: Vec<u8>,
}

/// A part of a picture, pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named by their meaning")]
pub struct Area {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
}

/// Compares two PNGs. `tolerance` is how far one pixel may be off, 0 (not at all) to 1 (however
/// far); black is 0.97 from white.
///
/// # Errors
/// In words: a picture that cannot be read, or sizes that differ.
pub fn compare(expected: &[u8], actual: &[u8], tolerance: f64) -> Result<Compared, String> {
    compare_except(expected, actual, tolerance, &[])
}

/// The same, without looking at these areas.
///
/// # Errors
/// As `compare`.
pub fn compare_except(
    expected: &[u8],
    actual: &[u8],
    tolerance: f64,
    masked: &[Area],
) -> Result<Compared, String> {
    let expected = Pixels::read(expected).map_err(|why| format!("the expected picture {why}"))?;
    let actual = Pixels::read(actual).map_err(|why| format!("the actual picture {why}"))?;
    if (expected.width, expected.height) != (actual.width, actual.height) {
        return Err(format!(
            "the picture has {} x {} pixels, and {} x {} were expected",
            actual.width, actual.height, expected.width, expected.height
        ));
    }
    let seen = look(&expected, &actual, tolerance, masked);
    let diff = match seen.changed {
        0 => Vec::new(),
        _ => write_png(expected.width, expected.height, &seen.drawn)?,
    };
    Ok(Compared {
        width: expected.width,
        height: expected.height,
        changed: seen.changed,
        share: seen.changed as f64 / seen.looked_at.max(1) as f64,
        area: seen.area,
        diff,
    })
}

/// Makes a PNG smaller by a whole factor, so that it is at most so wide; each pixel is the mean
/// of those it stands for.
///
/// # Errors
/// In words: a picture that cannot be read.
pub fn shrink(png: &[u8], widest: u32) -> Result<Vec<u8>, String> {
    let pixels = Pixels::read(png)?;
    let factor = pixels.width.div_ceil(widest.max(1)).max(1);
    if factor == 1 {
        return Ok(png.to_vec());
    }
    let (width, height) = (pixels.width.div_ceil(factor), pixels.height.div_ceil(factor));
    let mut small = Vec::with_capacity(width as usize * height as usize * 3);
    for y in 0..height {
        for x in 0..width {
            small.extend(pixels.mean(x * factor, y * factor, factor));
        }
    }
    write_png(width, height, &small)
}

/// What was found on the way through all pixels.
struct Seen {
    changed: u64,
    looked_at: u64,
    area: Option<Area>,
    drawn: Vec<u8>,
}

fn look(expected: &Pixels, actual: &Pixels, tolerance: f64, masked: &[Area]) -> Seen {
    let most = FARTHEST * tolerance.clamp(0.0, 1.0).powi(2);
    let pixels = expected.rgb.len();
    let mut seen = Seen { changed: 0, looked_at: 0, area: None, drawn: Vec::new() };
    seen.drawn.reserve(pixels * 3);
    for y in 0..expected.height {
        for x in 0..expected.width {
            let (was, is) = (expected.at(x, y), actual.at(x, y));
            if masked.iter().any(|area| area.holds(x, y)) {
                seen.drawn.extend([190, 190, 200]);
                continue;
            }
            seen.looked_at += 1;
            if was == is || distance(was, is) <= most {
                seen.drawn.extend(pale(was));
            } else if is_smoothed(expected, actual, x, y) || is_smoothed(actual, expected, x, y) {
                seen.drawn.extend([240, 200, 40]);
            } else {
                seen.changed += 1;
                seen.area = Some(Area::around(seen.area, x, y));
                seen.drawn.extend([215, 40, 35]);
            }
        }
    }
    seen
}

/// Between two colours, from 0 to `FARTHEST`.
fn distance(one: [u8; 3], other: [u8; 3]) -> f64 {
    let off = |at: usize| f64::from(one[at]) - f64::from(other[at]);
    let (red, green, blue) = (off(0), off(1), off(2));
    let y = red * 0.298_895_31 + green * 0.586_622_47 + blue * 0.114_482_23;
    let i = red * 0.595_977_99 - green * 0.274_176_10 - blue * 0.321_801_89;
    let q = red * 0.211_470_17 - green * 0.522_617_11 + blue * 0.311_146_94;
    0.5053 * y * y + 0.299 * i * i + 0.1957 * q * q
}

/// How bright a colour is, 0 to 255.
fn brightness([red, green, blue]: [u8; 3]) -> f64 {
    f64::from(red) * 0.298_895_31 + f64::from(green) * 0.586_622_47 + f64::from(blue) * 0.114_482_23
}

/// What stays the same is still seen, as a pale grey.
fn pale(colour: [u8; 3]) -> [u8; 3] {
    let grey = (255.0 - (255.0 - brightness(colour)) * 0.15) as u8;
    [grey; 3]
}

/// A picture, on white where it is not opaque.
struct Pixels {
    width: u32,
    height: u32,
    rgb: Vec<[u8; 3]>,
}

impl Pixels {
    fn read(png: &[u8]) -> Result<Pixels, String> {
        let unreadable = |error: png::DecodingError| format!("is no PNG that can be read: {error}");
        let mut decoder = png::Decoder::new(Cursor::new(png));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().map_err(unreadable)?;
        let (width, height) = reader.info().size();
        if u64::from(width) * u64::from(height) > LARGEST {
            return Err(format!("has {width} x {height} pixels, which is too large"));
        }
        let size = reader.output_buffer_size().ok_or("is too large")?;
        let mut bytes = vec![0; size];
        let frame = reader.next_frame(&mut bytes).map_err(unreadable)?;
        let samples = frame.color_type.samples();
        let rgb = bytes[..frame.buffer_size()].chunks_exact(samples).map(on_white).collect();
        Ok(Pixels { width, height, rgb })
    }

    fn at(&self, x: u32, y: u32) -> [u8; 3] {
        self.rgb[y as usize * self.width as usize + x as usize]
    }

    /// The mean colour of a square, as far as it lies within the picture.
    fn mean(&self, left: u32, top: u32, side: u32) -> [u8; 3] {
        let (mut sum, mut count) = ([0u32; 3], 0);
        for y in top..(top + side).min(self.height) {
            for x in left..(left + side).min(self.width) {
                let colour = self.at(x, y);
                (0..3).for_each(|part| sum[part] += u32::from(colour[part]));
                count += 1;
            }
        }
        sum.map(|part| (part / count.max(1)) as u8)
    }
}

/// One pixel of 1 (grey), 2 (grey, opacity), 3 or 4 samples.
fn on_white(samples: &[u8]) -> [u8; 3] {
    let (colour, opacity) = match *samples {
        [grey] => ([grey; 3], 255),
        [grey, opacity] => ([grey; 3], opacity),
        [red, green, blue] => ([red, green, blue], 255),
        [red, green, blue, opacity, ..] => ([red, green, blue], opacity),
        [] => ([255; 3], 255),
    };
    colour.map(|part| (255 - (255 - u32::from(part)) * u32::from(opacity) / 255) as u8)
}

fn write_png(width: u32, height: u32, rgb: &[u8]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let failed = |error: png::EncodingError| format!("cannot be drawn: {error}");
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(rgb).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

impl Area {
    fn holds(&self, x: u32, y: u32) -> bool {
        x >= self.left && y >= self.top && x - self.left < self.width && y - self.top < self.height
    }

    /// Grown so that it holds this pixel too.
    fn around(area: Option<Area>, x: u32, y: u32) -> Area {
        let Some(area) = area else { return Area { left: x, top: y, width: 1, height: 1 } };
        let (left, top) = (area.left.min(x), area.top.min(y));
        let right = (area.left + area.width).max(x + 1);
        let bottom = (area.top + area.height).max(y + 1);
        Area { left, top, width: right - left, height: bottom - top }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: [u8; 3] = [255; 3];

    /// A picture of this size, each pixel by its place.
    fn png(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 3]) -> Vec<u8> {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let rgb: Vec<u8> = places.flat_map(|(x, y)| colour(x, y)).collect();
        write_png(width, height, &rgb).unwrap()
    }

    #[test]
    fn the_same_picture_is_the_same() {
        let one = png(20, 10, |x, y| [(x * 9) as u8, (y * 20) as u8, 7]);
        let seen = compare(&one, &one, 0.0).unwrap();
        assert_eq!((seen.width, seen.height, seen.changed, seen.share), (20, 10, 0, 0.0));
        assert!(seen.diff.is_empty() && seen.area.is_none());
    }

    #[test]
    fn changed_pixels_are_counted_and_drawn_red() {
        let plain = png(20, 10, |_, _| WHITE);
        let inside = |x, y| (4..9).contains(&x) && (2..5).contains(&y);
        let boxed = png(20, 10, |x, y| if inside(x, y) { [0, 60, 200] } else { WHITE });
        let seen = compare(&plain, &boxed, 0.1).unwrap();
        assert_eq!(seen.changed, 15);
        assert!((seen.share - 15.0 / 200.0).abs() < 1e-9);
        assert_eq!(seen.area, Some(Area { left: 4, top: 2, width: 5, height: 3 }));
        let diff = Pixels::read(&seen.diff).unwrap();
        assert_eq!(diff.at(5, 3), [215, 40, 35]);
        assert_eq!(diff.at(0, 0), [255; 3]);
    }

    #[test]
    fn a_colour_may_be_off_by_the_tolerance_and_no_more() {
        // Two greys: the distance of their brightness alone, 26 of 255.
        let (one, other) = (png(8, 8, |_, _| [100; 3]), png(8, 8, |_, _| [126; 3]));
        assert_eq!(compare(&one, &other, 0.11).unwrap().changed, 0);
        assert_eq!(compare(&one, &other, 0.09).unwrap().changed, 64);
        let (black, white) = (png(2, 2, |_, _| [0; 3]), png(2, 2, |_, _| WHITE));
        assert_eq!(compare(&black, &white, 1.0).unwrap().changed, 0);
        assert_eq!(compare(&black, &white, 0.96).unwrap().changed, 4);
    }

    #[test]
    fn the_eye_tells_green_better_than_blue() {
        assert!(distance([0, 0, 0], [0, 60, 0]) > 2.0 * distance([0, 0, 0], [0, 0, 60]));
    }

    #[test]
    fn an_edge_smoothed_another_way_is_not_a_change_and_a_moved_one_is() {
        let edge = |smooth: u8, at: u32| {
            png(12, 12, move |x, _| match x {
                x if x < at => [0; 3],
                x if x == at => [smooth; 3],
                _ => WHITE,
            })
        };
        assert_eq!(compare(&edge(80, 5), &edge(180, 5), 0.1).unwrap().changed, 0);
        assert!(compare(&edge(80, 5), &edge(80, 8), 0.1).unwrap().changed >= 24);
    }

    #[test]
    fn masked_areas_are_not_looked_at() {
        let plain = png(10, 10, |_, _| WHITE);
        let other = png(10, 10, |x, _| if x < 5 { [0; 3] } else { WHITE });
        let left = Area { left: 0, top: 0, width: 5, height: 10 };
        let seen = compare_except(&plain, &other, 0.1, &[left]).unwrap();
        assert_eq!((seen.changed, seen.share), (0, 0.0));
        let part = Area { width: 4, ..left };
        let seen = compare_except(&plain, &other, 0.1, &[part]).unwrap();
        assert_eq!((seen.changed, seen.share), (10, 10.0 / 60.0));
        let outside = Area { left: u32::MAX, top: u32::MAX, width: 9, height: 9 };
        assert_eq!(compare_except(&plain, &other, 0.1, &[outside]).unwrap().changed, 50);
    }

    #[test]
    fn other_sizes_and_what_is_no_picture_are_told() {
        let (one, other) = (png(10, 10, |_, _| WHITE), png(10, 12, |_, _| WHITE));
        assert_eq!(
            compare(&one, &other, 0.1).unwrap_err(),
            "the picture has 10 x 12 pixels, and 10 x 10 were expected"
        );
        let told = compare(b"GIF89a", &one, 0.1).unwrap_err();
        assert!(told.starts_with("the expected picture is no PNG that can be read: "), "{told}");
        let told = compare(&one, &one[..one.len() / 2], 0.1).unwrap_err();
        assert!(told.starts_with("the actual picture is no PNG"), "{told}");
        // A header that promises 4 thousand million pixels.
        let mut large = one.clone();
        large[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        assert!(compare(&large, &one, 0.1).is_err());
    }

    #[test]
    fn pictures_with_and_without_opacity_are_compared() {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 2, 1);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[0, 0, 0, 0, 10, 20, 30, 255]).unwrap();
        writer.finish().unwrap();
        let plain = png(2, 1, |x, _| if x == 0 { WHITE } else { [10, 20, 30] });
        assert_eq!(compare(&bytes, &plain, 0.0).unwrap().changed, 0);
    }

    #[test]
    fn a_picture_is_shrunk_to_means() {
        let wide = png(9, 4, |x, _| if x % 2 == 0 { [0; 3] } else { [200; 3] });
        let small = Pixels::read(&shrink(&wide, 5).unwrap()).unwrap();
        assert_eq!((small.width, small.height, small.at(0, 0)), (5, 2, [100; 3]));
        assert_eq!(small.at(4, 1), [0; 3]);
        assert_eq!(shrink(&wide, 9).unwrap(), wide);
    }
}
