//! A terminal without anybody at it: a program writes to one end, and whoever has the other types
//! and reads.

use std::fs::File;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Keyboard and screen of a new terminal of so many columns and rows, and the end for a program.
///
/// # Errors
/// When the system has no more of them.
pub fn terminal(size: (u16, u16)) -> std::io::Result<(File, OwnedFd)> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let theirs = rustix::fs::open(name.as_c_str(), flags, Mode::empty())?;
    let ours = File::from(ours);
    resize(&ours, size)?;
    Ok((ours, theirs))
}

/// Makes it so many columns and rows.
///
/// # Errors
/// When it is gone.
pub fn resize(terminal: &File, (columns, rows): (u16, u16)) -> std::io::Result<()> {
    let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
    Ok(tcsetwinsize(terminal, size)?)
}
