//! Shows a load while it goes on, on the whole terminal, and takes keys.
//!
//! The generator never waits for it: a thread of its own draws a few times a second from what the
//! last whole second was added up to, and whoever adds up only leaves it there.

mod draw;
mod keys;
mod state;

use std::io::Stderr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
    is_raw_mode_enabled,
};

use self::keys::Asked;
pub use self::state::State;
use crate::executor::Stop;

/// Between two pictures; also how long a key may go unnoticed.
const FRAME: Duration = Duration::from_millis(200);

/// The view of one load; the terminal is as before once it is dropped.
pub struct Live {
    state: Arc<Mutex<State>>,
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Live {
    /// Opens the view; none where the terminal does not take it.
    pub fn open(state: State, stop: &Stop) -> Option<Self> {
        let terminal = prepare()?;
        let state = Arc::new(Mutex::new(state));
        let (end, ended) = channel();
        let (shown, stop) = (state.clone(), stop.clone());
        let thread = std::thread::Builder::new().name("live view".to_string());
        let thread = thread.spawn(move || show(terminal, &shown, &stop, &ended));
        match thread {
            Ok(thread) => Some(Self { state, end: Some(end), thread: Some(thread) }),
            Err(_) => {
                leave();
                None
            }
        }
    }

    /// Changes what is shown.
    pub fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A view that panicked has said so, and the terminal is given back all the same.
            let _ = thread.join();
        }
        leave();
    }
}

fn prepare() -> Option<Terminal<CrosstermBackend<Stderr>>> {
    enable_raw_mode().ok()?;
    if execute!(std::io::stderr(), EnterAlternateScreen).is_err() {
        leave();
        return None;
    }
    let terminal = Terminal::new(CrosstermBackend::new(std::io::stderr()));
    terminal.inspect_err(|_| leave()).ok()
}

/// Gives the terminal back; twice does no harm.
fn leave() {
    let _ = disable_raw_mode();
    let _ = execute!(std::io::stderr(), LeaveAlternateScreen, ratatui::crossterm::cursor::Show);
}

/// Gives the terminal back if a view has it: for whoever must speak now.
pub fn give_back() {
    if is_raw_mode_enabled().unwrap_or(false) {
        leave();
    }
}

fn show(
    mut terminal: Terminal<CrosstermBackend<Stderr>>,
    state: &Mutex<State>,
    stop: &Stop,
    ended: &Receiver<()>,
) {
    use std::sync::mpsc::TryRecvError::Disconnected;
    while ended.try_recv() != Err(Disconnected) {
        {
            let state = state.lock().unwrap_or_else(PoisonError::into_inner);
            // A terminal that is gone does not end the run.
            let _ = terminal.draw(|frame| draw::draw(frame, &state));
        }
        match event::poll(FRAME) {
            Ok(true) => {
                let Ok(event) = event::read() else { continue };
                if let Some(asked) = keys::asked(&event) {
                    obey(asked, state, stop);
                }
            }
            Ok(false) => {}
            // No keys to be had: only draw.
            Err(_) => std::thread::sleep(FRAME),
        }
    }
}

fn obey(asked: Asked, state: &Mutex<State>, stop: &Stop) {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    match asked {
        Asked::Stop if stop.is_requested() => {
            leave();
            crate::cli::interrupt::at_once();
        }
        Asked::Stop => {
            stop.request(crate::cli::interrupt::INTERRUPTED);
            state.notice("stopping: saving what there is (once more to end at once)");
        }
        Asked::Help => state.help = !state.help,
    }
}
