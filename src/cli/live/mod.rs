//! Shows a load while it goes on, on the whole terminal, and takes keys.
//!
//! The generator never waits for it: a thread of its own, which the system lets work after all
//! others, adds up what it is told once a second and draws a few times a second.

mod draw;
mod keys;
mod state;

use std::io::Stderr;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
    is_raw_mode_enabled,
};
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use self::keys::Asked;
pub use self::keys::Hold;
pub use self::state::State;
use crate::cli::interrupt;
use crate::result::journal::SecondEntry;

/// Between two pictures; also how long a key may go unnoticed.
const FRAME: Duration = Duration::from_millis(200);

/// The view of one load; the terminal is as before once it is dropped.
pub struct Live {
    news: Option<Sender<News>>,
    thread: Option<JoinHandle<()>>,
}

/// What the view is told.
enum News {
    /// A second is over.
    Second(Box<SecondEntry>),
    /// A sentence to be shown.
    Notice(String),
}

impl Live {
    /// Opens the view; none where the terminal does not take it.
    pub fn open(state: State, hold: &Hold) -> Option<Self> {
        let terminal = prepare()?;
        let (news, told) = channel();
        let (hold, size) = (hold.clone(), size());
        let thread = std::thread::Builder::new().name("live view".to_string());
        let thread = thread.spawn(move || View { terminal, size, state, hold, told }.show());
        match thread {
            Ok(thread) => Some(Self { news: Some(news), thread: Some(thread) }),
            Err(_) => {
                leave();
                None
            }
        }
    }

    /// A second is over.
    pub fn second(&self, second: &SecondEntry) {
        self.tell(News::Second(Box::new(second.clone())));
    }

    /// Says something.
    pub fn notice(&self, text: &str) {
        self.tell(News::Notice(text.to_string()));
    }

    fn tell(&self, news: News) {
        // A view that is gone has lost its terminal: the run goes on.
        if let Some(to) = &self.news {
            let _ = to.send(news);
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.news.take());
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
    let options = TerminalOptions { viewport: Viewport::Fixed(size()) };
    let terminal = Terminal::with_options(CrosstermBackend::new(std::io::stderr()), options);
    terminal.inspect_err(|_| leave()).ok()
}

/// The size of the terminal that is drawn on: it need not be that of standard output, nor the one
/// that the program was started from.
fn size() -> Rect {
    #[cfg(unix)]
    let known = rustix::termios::tcgetwinsize(std::io::stderr()).ok();
    #[cfg(unix)]
    let known = known.map(|size| (size.ws_col, size.ws_row)).filter(|size| *size != (0, 0));
    #[cfg(not(unix))]
    let known = None;
    let usual = || ratatui::crossterm::terminal::size().unwrap_or((80, 24));
    let (width, height) = known.unwrap_or_else(usual);
    Rect::new(0, 0, width, height)
}

/// Gives the terminal back; twice does no harm.
fn leave() {
    let _ = disable_raw_mode();
    let _ = execute!(std::io::stderr(), LeaveAlternateScreen, ratatui::crossterm::cursor::Show);
}

/// Whether a view has the terminal.
pub fn is_shown() -> bool {
    is_raw_mode_enabled().unwrap_or(false)
}

/// Gives the terminal back if a view has it: for whoever must speak now.
pub fn give_back() {
    if is_shown() {
        leave();
    }
}

/// What the view's thread has.
struct View {
    terminal: Terminal<CrosstermBackend<Stderr>>,
    size: Rect,
    state: State,
    hold: Hold,
    told: Receiver<News>,
}

impl View {
    fn show(mut self) {
        yield_to_others();
        let mut keys = true;
        while self.hear() {
            self.state.held(&self.hold);
            if self.draw().is_err() {
                // A terminal that is gone does not end the run, and nobody draws on it.
                return;
            }
            match keys {
                true => keys = self.keys().is_ok(),
                // There are none to be had: only draw.
                false => std::thread::sleep(FRAME),
            }
        }
    }

    fn draw(&mut self) -> std::io::Result<()> {
        let size = size();
        if self.size != size {
            self.terminal.resize(size)?;
            self.size = size;
        }
        self.terminal.draw(|frame| draw::draw(frame, &self.state))?;
        Ok(())
    }

    /// Takes in what there is to know; whether the view goes on.
    fn hear(&mut self) -> bool {
        loop {
            match self.told.try_recv() {
                Ok(News::Second(second)) => self.state.second(*second),
                Ok(News::Notice(text)) => self.state.notice(text),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    /// Waits a moment for keys and does what they ask for.
    fn keys(&mut self) -> std::io::Result<()> {
        let mut patience = FRAME;
        while event::poll(patience)? {
            patience = Duration::ZERO;
            keys::asked(&event::read()?).into_iter().for_each(|asked| self.obey(asked));
        }
        Ok(())
    }

    fn obey(&mut self, asked: Asked) {
        match asked {
            Asked::Help => self.state.help = !self.state.help,
            Asked::Stop if self.hold.stop.is_urgent() => {
                leave();
                interrupt::at_once();
            }
            asked => self.hold.obey(asked).into_iter().for_each(|text| self.state.notice(text)),
        }
    }
}

/// Whoever generates load comes first, and whoever answers it on this machine: a thread that is
/// only nice still keeps a core for milliseconds when one of these wakes, an idle one gives it at
/// once.
fn yield_to_others() {
    #[cfg(target_os = "linux")]
    {
        use thread_priority::{
            NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
            set_thread_priority_and_policy, thread_native_id,
        };
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        // Without leave to do so it is like any other thread.
        let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
    }
}
