//! What a key asks for, and what becomes of it.

use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

use crate::cli::interrupt::{INTERRUPTED, STOPPED};
use crate::executor::{Control, Scale, Stop};
use crate::units::show_count;

/// What somebody at the keyboard wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// The run shall end; asked twice, at once.
    Stop,
    /// Nothing new shall be begun, and what was begun come to its end.
    StopGently,
    /// A pause begins, or is over.
    Pause,
    /// More users, or fewer.
    Scale(Scale),
    /// What the keys do and the numbers mean, or no longer.
    Help,
}

/// All keys, for whoever asks: what to press, and what it does.
pub(super) const KEYS: [(&str, &str); 6] = [
    ("p", "pause, go on: nothing new is begun meanwhile, and nothing is owed after it"),
    ("+ -", "one user more, one fewer, of each closed load that lasts for a time"),
    ("> <", "a tenth more, a tenth fewer"),
    ("s", "stop gently: what was begun comes to its end"),
    ("q ^C", "stop now, and save what there is; again ends at once, and saves less"),
    ("?", "this help, and back"),
];

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
        KeyCode::Char('s') => Some(Asked::StopGently),
        KeyCode::Char('p' | ' ') => Some(Asked::Pause),
        KeyCode::Char('+' | '=') => Some(Asked::Scale(Scale::OneMore)),
        KeyCode::Char('-') => Some(Asked::Scale(Scale::OneLess)),
        KeyCode::Char('>') => Some(Asked::Scale(Scale::TenthMore)),
        KeyCode::Char('<') => Some(Asked::Scale(Scale::TenthLess)),
        KeyCode::Char('?' | 'h') => Some(Asked::Help),
        _ => None,
    }
}

/// What a hand on the keyboard holds of a run.
#[derive(Debug, Clone, Default)]
pub struct Hold {
    /// Ends it.
    pub stop: Stop,
    /// Changes its load.
    pub control: Control,
}

impl Hold {
    /// Does what was asked for; what there is to say of it.
    pub(super) fn obey(&self, asked: Asked) -> Option<String> {
        let stopping = self.stop.is_requested();
        match asked {
            Asked::Help => None,
            Asked::Stop => {
                self.stop.request(INTERRUPTED);
                None
            }
            _ if stopping => None,
            Asked::StopGently => {
                self.stop.request_gently(STOPPED);
                None
            }
            Asked::Pause => {
                match self.control.is_paused() {
                    true => self.control.go_on(),
                    false => self.control.pause(),
                }
                None
            }
            Asked::Scale(by) => Some(told(&self.control.scale(by))),
        }
    }
}

fn told(set: &[(String, u32)]) -> String {
    let one = |(scenario, users): &(String, u32)| {
        let users = show_count(u64::from(*users));
        format!("users of {scenario} set to {users}")
    };
    match set {
        [] => "no users to change: only those of a closed load that lasts for a time".to_string(),
        set => set.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use ratatui::crossterm::event::KeyEvent;

    use super::*;

    fn pressed(key: char) -> Option<Asked> {
        asked(&Event::Key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE)))
    }

    #[test]
    fn every_key_of_the_help_does_something_and_no_other_letter_does() {
        let mut known: Vec<char> = vec!['h', ' ', '='];
        for (keys, _) in KEYS {
            let single = keys.split(' ').filter(|key| key.len() == 1);
            known.extend(single.flat_map(str::chars));
        }
        for key in ' '..='~' {
            assert_eq!(pressed(key).is_some(), known.contains(&key), "{key:?}");
        }
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(asked(&Event::Key(interrupt)), Some(Asked::Stop));
    }

    #[test]
    fn once_a_run_ends_nothing_else_is_changed_and_a_gentle_end_can_be_hurried() {
        let hold = Hold::default();
        hold.obey(Asked::StopGently);
        assert!(hold.stop.is_requested() && !hold.stop.is_urgent());
        assert_eq!(hold.obey(Asked::Scale(Scale::OneMore)), None);
        hold.obey(Asked::Stop);
        assert!(hold.stop.is_urgent());
        hold.obey(Asked::StopGently);
        assert!(hold.stop.is_urgent());
        assert_eq!(hold.stop.reason().as_deref(), Some(STOPPED), "the first reason stays");
    }
}
