//! What a key asks for.

use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

/// What somebody at the keyboard wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// The run shall end; asked twice, at once.
    Stop,
    /// What the numbers mean, or no longer.
    Help,
}

/// What an event asks for, if anything.
pub(super) fn asked(event: &Event) -> Option<Asked> {
    let Event::Key(key) = event else { return None };
    if key.kind == KeyEventKind::Release {
        return None;
    }
    match key.code {
        // The terminal sends no signal while it gives every key to us.
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Asked::Stop),
        KeyCode::Char('q') => Some(Asked::Stop),
        KeyCode::Char('?' | 'h') => Some(Asked::Help),
        _ => None,
    }
}
