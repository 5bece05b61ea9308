//! Records duets of the embedded backend, one folder each: with itself, and with a copy of it that
//! is broken in a known way.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args::Args;

/// The kinds of duets: how its folders are called, and the fault of the candidate.
const KINDS: [(&str, Option<&str>); 6] = [
    ("aa", None),
    ("slow-10", Some("slow=10%")),
    ("slow-20", Some("slow=20%")),
    ("tail", Some("tail=2%x4")),
    ("bimodal", Some("tail=10%x2")),
    ("errors", Some("errors=2%")),
];

/// The scenario that is run.
const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/gate/service.yaml");

/// Adds duets to the folder, a round of all kinds after the other, so that what changes on the
/// machine meanwhile meets all kinds alike.
///
/// # Errors
/// A kind that does not exist, or a duet that could not be made.
pub fn record(args: &Args) -> Result<bool, String> {
    let unknown = args.only.iter().find(|name| KINDS.iter().all(|(kind, _)| kind != name));
    if let Some(unknown) = unknown {
        let known = KINDS.map(|(kind, _)| kind).join(", ");
        return Err(format!("there is no kind `{unknown}`; there are {known}"));
    }
    std::fs::create_dir_all(&args.folder)
        .map_err(|why| format!("{}: {why}", args.folder.display()))?;
    for round in 1..=args.duets {
        for (kind, fault) in KINDS {
            if args.only.is_empty() || args.only.iter().any(|only| only == kind) {
                let folder = free(&args.folder, kind)?;
                eprintln!("{round} of {}: {}", args.duets, folder.display());
                duet(args, &folder, fault)?;
            }
        }
    }
    Ok(true)
}

/// The first of `aa-001`, `aa-002`, ... that is not there.
fn free(folder: &Path, kind: &str) -> Result<PathBuf, String> {
    let named = |number: usize| folder.join(format!("{kind}-{number:03}"));
    (1..1000)
        .map(named)
        .find(|path| !path.exists())
        .ok_or_else(|| format!("{} has 999 of `{kind}`; take another folder", folder.display()))
}

fn duet(args: &Args, folder: &Path, fault: Option<&str>) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taster"));
    command.args(["duet", SCENARIO, "--profile", "proof", "--no-extension", "--no-early-stop"]);
    command.args(["--segment", &args.segment, "--restarts", &args.restarts.to_string()]);
    command.args(["--layout", &args.layout, "--report", "md"]);
    command.arg("--out").arg(folder);
    if let Some(fault) = fault {
        command.args(["--b-fault", fault]);
    }
    let output = command.output().map_err(|why| format!("taster duet: {why}"))?;
    // PASS, FAIL, INCONCLUSIVE: the word is no matter here, the recording is.
    match output.status.code() {
        Some(0 | 1 | 3) => Ok(()),
        code => {
            let words = String::from_utf8_lossy(&output.stderr);
            let how = code.map_or("by a signal".to_string(), |code| format!("with {code}"));
            Err(format!("`taster duet` ended {how}:\n{words}"))
        }
    }
}
