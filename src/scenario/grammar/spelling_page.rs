//! Checks texts that are about pages against their spelling.

use crate::units::parse_size;

use super::super::problems::quoted;
use super::form::Misspelt;
use super::spelling::url;

pub(super) fn number(text: &str) -> Result<(), Misspelt> {
    if text.contains("{{") || text.trim().parse::<f64>().is_ok_and(f64::is_finite) {
        return Ok(());
    }
    let problem = format!("{} is not a number", quoted(text));
    Err(Misspelt::whole("bad-number", text, problem, "write a number such as 3 or 0.5"))
}

pub(super) fn page_url(text: &str) -> Result<(), Misspelt> {
    match text.starts_with("about:") || text.starts_with("data:") {
        true => Ok(()),
        false => url(text),
    }
}

pub(super) fn url_pattern(text: &str) -> Result<(), Misspelt> {
    let starts = ["/", "http://", "https://", "ws://", "wss://", "*", "{{"];
    if starts.iter().any(|start| text.starts_with(start)) {
        return Ok(());
    }
    let problem = format!("{} is no pattern for URLs", quoted(text));
    let help = "write a path such as /api/**, or **/items for any server";
    Err(Misspelt::whole("bad-url", text, problem, help))
}

pub(super) fn viewport(text: &str) -> Result<(), Misspelt> {
    let side = |side: &str| side.parse::<u32>().is_ok_and(|side| (1..=20_000).contains(&side));
    match text.split_once('x') {
        Some((width, height)) if side(width) && side(height) => Ok(()),
        _ => {
            let problem = format!("{} is not a size of a page", quoted(text));
            let help = "write width x height in CSS pixels, such as 1280x720";
            Err(Misspelt::whole("bad-size", text, problem, help))
        }
    }
}

pub(super) fn speed(text: &str) -> Result<(), Misspelt> {
    let trimmed = text.trim();
    match parse_size(trimmed.strip_suffix("/s").unwrap_or(trimmed)) {
        Ok(bytes) if bytes > 0 => Ok(()),
        _ => {
            let problem = format!("{} is not a speed", quoted(text));
            let help = "write bytes per second, such as 200KB/s; `offline: true` is none at all";
            Err(Misspelt::whole("bad-size", text, problem, help))
        }
    }
}
