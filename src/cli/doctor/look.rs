//! Looks at this machine for `taster doctor`.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::args::DoctorArgs;
use crate::cli::doctor::machine::Facts;
use crate::executor;
use crate::scenario::{self, Load, Shape};
use crate::store;
use crate::units::Rate;

/// What is found here.
pub fn facts(args: &DoctorArgs, scenarios: &[PathBuf]) -> Facts {
    let host = store::host(&args.reports_dir);
    Facts {
        threads: host.cores,
        host,
        users: most_users(scenarios),
        clock: executor::clock_costs(),
        loopback: loopback().err(),
        folder: args.reports_dir.display().to_string(),
    }
}

/// Listens, connects, sends a byte and reads it: all that a connection on this machine needs.
fn loopback() -> Result<(), String> {
    const PATIENCE: Duration = Duration::from_secs(2);
    let failed = |what: &str, error: std::io::Error| format!("cannot {what} 127.0.0.1: {error}");
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| failed("listen on", error))?;
    let address = listener.local_addr().map_err(|error| failed("listen on", error))?;
    let mut one = TcpStream::connect_timeout(&address, PATIENCE)
        .map_err(|error| failed("connect to", error))?;
    let (mut other, _) = listener.accept().map_err(|error| failed("accept on", error))?;
    let mut byte = [0];
    let sent = other.set_read_timeout(Some(PATIENCE)).and_then(|()| one.write_all(&[7]));
    sent.and_then(|()| other.read_exact(&mut byte)).map_err(|error| failed("send on", error))
}

/// The profile with the most users in these files. A file with mistakes is for `taster plan`.
fn most_users(scenarios: &[PathBuf]) -> Option<(u64, String)> {
    let files = store::find_scenarios(scenarios).ok()?;
    let of = |path: &PathBuf| {
        let source = store::read_source(path).ok()?;
        let (scenario, _) = scenario::parse(&source).ok()?;
        most_of(scenario.load.as_ref()?, path)
    };
    files.iter().filter_map(of).max_by_key(|(users, _)| *users)
}

fn most_of(load: &Load, path: &Path) -> Option<(u64, String)> {
    let profiles = load.profiles.iter().map(|(name, profile)| {
        let of = format!("`{}` in {}", name.value, path.display());
        (users(&profile.shape), of)
    });
    profiles.max_by_key(|(users, _)| *users)
}

/// The most users of a shape at one time; of arrivals without a bound of their own, what the plan
/// gives them: enough for five seconds, from 10 to 10,000.
fn users(shape: &Shape) -> u64 {
    let arrivals = |rate: Rate| (rate.0 * 5.0).ceil().clamp(10.0, 10_000.0) as u64;
    match shape {
        Shape::Users(users, _)
        | Shape::IterationsEach(users, ..)
        | Shape::IterationsShared(users, ..) => users.value.into(),
        Shape::Stages(stages, first) => {
            stages.iter().map(|stage| stage.target.value).chain([*first]).max().unwrap_or(0).into()
        }
        Shape::Arrivals(_, _, Some(most)) | Shape::ArrivalStages(_, _, Some(most)) => {
            most.value.into()
        }
        Shape::Arrivals(rate, ..) => arrivals(rate.value),
        Shape::ArrivalStages(first, stages, _) => {
            let targets = stages.iter().map(|stage| stage.target.value);
            targets.chain([*first]).map(arrivals).max().unwrap_or(0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_can_talk_to_itself() {
        assert_eq!(loopback(), Ok(()));
    }
}
