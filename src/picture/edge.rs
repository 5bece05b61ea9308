//! Tells pixels that only smooth an edge.

use super::{Pixels, brightness};

/// How many neighbours of one colour make a plain area.
const PLAIN: usize = 3;

/// Whether a pixel of `one` lies on the slope from a darker to a brighter plain area, and the
/// area is as plain in `other`.
pub(super) fn is_smoothed(one: &Pixels, other: &Pixels, x: u32, y: u32) -> bool {
    let here = brightness(one.at(x, y));
    let mut alike = 0;
    let (mut darkest, mut brightest) = ((0.0, None), (0.0, None));
    for (near_x, near_y) in around(one, x, y) {
        let slope = brightness(one.at(near_x, near_y)) - here;
        if slope == 0.0 {
            alike += 1;
        } else if slope < darkest.0 {
            darkest = (slope, Some((near_x, near_y)));
        } else if slope > brightest.0 {
            brightest = (slope, Some((near_x, near_y)));
        }
    }
    // At the rim of a picture the neighbours that are missing count as one that is alike.
    if alike + usize::from(is_rim(one, x, y)) >= PLAIN {
        return false;
    }
    let plain = |(x, y)| is_plain(one, x, y) && is_plain(other, x, y);
    match (darkest.1, brightest.1) {
        (Some(darkest), Some(brightest)) => plain(darkest) || plain(brightest),
        _ => false,
    }
}

fn is_plain(pixels: &Pixels, x: u32, y: u32) -> bool {
    let here = pixels.at(x, y);
    let alike = around(pixels, x, y).filter(|(x, y)| pixels.at(*x, *y) == here).count();
    alike + usize::from(is_rim(pixels, x, y)) >= PLAIN
}

/// The up to eight neighbours.
fn around(pixels: &Pixels, x: u32, y: u32) -> impl Iterator<Item = (u32, u32)> {
    let columns = x.saturating_sub(1)..=(x + 1).min(pixels.width - 1);
    let rows = y.saturating_sub(1)..=(y + 1).min(pixels.height - 1);
    let all = rows.flat_map(move |row| columns.clone().map(move |column| (column, row)));
    all.filter(move |near| *near != (x, y))
}

fn is_rim(pixels: &Pixels, x: u32, y: u32) -> bool {
    x == 0 || y == 0 || x + 1 == pixels.width || y + 1 == pixels.height
}
