//! Keeps baselines: accepted result files, `baselines/<profile>/<run id>.json`.
//!
//! What later runs are compared with is a window: the newest of this kind of machine, of each
//! scenario. One baseline may be pinned, the anchor; it stays however many come after it, so that
//! many small steps are seen as the large one they add up to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::result::{FormatError, Machine, MachineNoise, RunResult, check_sound, from_json};
use crate::store::run_folder::write_whole;
use crate::store::sealed::{self, BLANK};
use crate::store::{StoreError, read_plain};

/// The newest baselines of a scenario that a run is compared with.
pub const WINDOW: usize = 10;

/// How many are kept: those beyond the window show how a profile has drifted.
pub const KEPT: usize = 20;

/// The folder of what machines have taught of their noise: no profile's.
pub(super) const NOISE: &str = "noise";

/// A folder of baselines.
#[derive(Debug, Clone)]
pub struct Baselines {
    pub(super) folder: PathBuf,
}

/// One baseline that is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its file.
    pub path: PathBuf,
    /// The result.
    pub result: RunResult,
}

/// What a run is compared with.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// Of this kind of machine, the newest of each scenario, oldest first.
    pub runs: Vec<RunResult>,
    /// The pinned one of this kind of machine; it may be in `runs` as well.
    pub anchor: Option<RunResult>,
    /// What is known of this kind of machine's noise.
    pub noise: Option<MachineNoise>,
    /// Baselines of other kinds of machines: nothing is compared with them.
    pub left_out: Vec<LeftOut>,
}

/// A baseline that nothing is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// The run.
    pub id: String,
    /// The machine it was recorded on.
    pub machine: Machine,
}

impl Kept {
    /// Since when it is pinned; none where it is not.
    pub fn pinned(&self) -> Option<&str> {
        self.result.accepted.as_ref()?.pinned.as_deref()
    }

    fn fingerprint(&self) -> &str {
        &self.result.machine.fingerprint
    }
}

impl Baselines {
    /// The baselines in `folder`, which need not exist yet.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    /// All of a profile, oldest first; of every profile where none is named.
    ///
    /// # Errors
    /// When a file there is not a whole, accepted result of its profile, or one run is there twice.
    pub fn list(&self, profile: Option<&str>) -> Result<Vec<Kept>, StoreError> {
        let folders = match profile {
            // A profile whose name is no file name has no baseline: none can be kept.
            Some(profile) if !is_name(profile) => Vec::new(),
            Some(profile) => vec![self.folder.join(profile)],
            None => entries(&self.folder)?.into_iter().filter(|path| is_profile(path)).collect(),
        };
        let mut kept = Vec::new();
        for folder in folders {
            for path in entries(&folder)? {
                if path.extension().is_some_and(|end| end == "json") {
                    kept.push(Kept { result: read_baseline(&path)?, path });
                }
            }
        }
        no_run_twice(&kept)?;
        kept.sort_by(|a, b| a.result.run.id.cmp(&b.result.run.id));
        Ok(kept)
    }

    /// The newest of a profile, of whatever machine.
    ///
    /// # Errors
    /// As `list`.
    pub fn newest(&self, profile: &str) -> Result<Option<Kept>, StoreError> {
        Ok(self.list(Some(profile))?.pop())
    }

    /// What runs of a profile on a kind of machine are compared with.
    ///
    /// # Errors
    /// As `list`, and when what is known of the machine's noise cannot be read.
    pub fn window(&self, profile: &str, fingerprint: &str) -> Result<Window, StoreError> {
        let all = self.list(Some(profile))?;
        let (here, elsewhere): (Vec<Kept>, Vec<Kept>) =
            all.into_iter().partition(|kept| kept.fingerprint() == fingerprint);
        let left_out = elsewhere
            .into_iter()
            .map(|kept| LeftOut { id: kept.result.run.id, machine: kept.result.machine });
        let pinned = here.iter().filter(|kept| kept.pinned().is_some());
        let anchor = pinned.max_by_key(|kept| kept.pinned().map(str::to_string));
        Ok(Window {
            anchor: anchor.map(|kept| kept.result.clone()),
            runs: newest(here, WINDOW).0.into_iter().map(|kept| kept.result).collect(),
            noise: self.noise(fingerprint)?,
            left_out: left_out.collect(),
        })
    }

    /// Keeps an accepted result and tells where; one that is pinned stays so.
    ///
    /// # Errors
    /// When its names are no file names, or it cannot be written.
    pub fn keep(&self, result: &RunResult) -> Result<PathBuf, StoreError> {
        // A result file may come from anywhere, and must not choose a place outside.
        for name in [&result.run.profile, &result.run.id] {
            if !is_name(name) {
                let problem = format!(
                    "cannot keep this result: its profile `{}` or its run `{}` is no file name \
                     that a baseline can have",
                    result.run.profile, result.run.id
                );
                return Err(StoreError::content(&self.folder, problem));
            }
        }
        let folder = self.folder.join(&result.run.profile);
        std::fs::create_dir_all(&folder)
            .map_err(|error| StoreError::io("create the folder", &folder, error))?;
        let path = folder.join(format!("{}.json", result.run.id));
        let mut result = result.clone();
        let accepted = result.accepted.get_or_insert_default();
        if let Ok(before) = read_baseline(&path) {
            let pinned = before.accepted.and_then(|before| before.pinned);
            accepted.pinned = accepted.pinned.take().or(pinned);
        }
        write_baseline(&path, result)?;
        Ok(path)
    }

    /// Removes the oldest of a profile beyond those that are kept of each kind of machine, never
    /// a pinned one; tells which.
    ///
    /// # Errors
    /// As `list`, or when one cannot be removed.
    pub fn prune(&self, profile: &str) -> Result<Vec<Kept>, StoreError> {
        let mut machines: BTreeMap<String, Vec<Kept>> = BTreeMap::new();
        for kept in self.list(Some(profile))? {
            machines.entry(kept.fingerprint().to_string()).or_default().push(kept);
        }
        let old = machines.into_values().flat_map(|all| newest(all, KEPT).1);
        let old: Vec<Kept> = old.filter(|kept| kept.pinned().is_none()).collect();
        for kept in &old {
            std::fs::remove_file(&kept.path)
                .map_err(|error| StoreError::io("remove", &kept.path, error))?;
        }
        Ok(old)
    }

    /// Makes a baseline the anchor of its profile and kind of machine, from `now` on (RFC 3339,
    /// UTC); the one that was it before is so no longer. Without `now` it is none any more.
    ///
    /// # Errors
    /// As `list`, when no baseline is of this run, or when it cannot be written.
    pub fn pin(&self, id: &str, now: Option<&str>) -> Result<Kept, StoreError> {
        let all = self.list(None)?;
        let Some(wanted) = all.iter().find(|kept| kept.result.run.id == id).cloned() else {
            let problem = format!(
                "has no baseline of the run `{id}`; `taster baseline list` shows those there are"
            );
            return Err(StoreError::content(&self.folder, problem));
        };
        // The new one first: of two, the one pinned last counts.
        set_pinned(&wanted, now)?;
        let same = |kept: &&Kept| {
            let of =
                |kept: &Kept| (kept.result.run.profile.clone(), kept.fingerprint().to_string());
            of(kept) == of(&wanted) && kept.result.run.id != id && kept.pinned().is_some()
        };
        if now.is_some() {
            for kept in all.iter().filter(same) {
                set_pinned(kept, None)?;
            }
        }
        Ok(wanted)
    }
}

fn set_pinned(kept: &Kept, now: Option<&str>) -> Result<(), StoreError> {
    let mut result = kept.result.clone();
    result.accepted.get_or_insert_default().pinned = now.map(str::to_string);
    write_baseline(&kept.path, result)
}

fn write_baseline(path: &Path, mut result: RunResult) -> Result<(), StoreError> {
    result.accepted.get_or_insert_default().seal = BLANK.to_string();
    let mut text = serde_json::to_vec(&result)
        .map_err(|error| StoreError::content(path, format!("cannot be made: {error}")))?;
    sealed::seal(&mut text);
    text.push(b'\n');
    write_whole(path, &text)
}

/// A baseline, whole, accepted, and where it belongs.
fn read_baseline(path: &Path) -> Result<RunResult, StoreError> {
    let text = read_plain(path)?;
    let bad = |problem: String| Err(StoreError::content(path, problem));
    let told = |error: &dyn std::fmt::Display| {
        StoreError::content(path, format!("{error}; remove it, or restore it"))
    };
    let result = from_json(&text).map_err(|error| match &error {
        FormatError::Foreign(why) => told(&format!("is not a result file: {why}")),
        // The others say what to do themselves.
        error => StoreError::content(path, error.to_string()),
    })?;
    let Some(accepted) = &result.accepted else {
        return bad(
            "was never accepted: move it elsewhere, and `taster baseline accept FILE --why \
                    ...` keeps it"
                .to_string(),
        );
    };
    if accepted.seal.is_empty() || !sealed::is_whole(&text) {
        return bad("is not as it was accepted: something has changed it since; restore it from \
                    version control, or remove it and accept the run again"
            .to_string());
    }
    check_sound(&result).map_err(|error| told(&error))?;
    if !is_name(&result.run.id) {
        return bad(format!("holds a run whose id `{}` is no file name: remove it", result.run.id));
    }
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    if folder != result.run.profile.as_str() {
        return bad(format!(
            "is of the profile `{}`: move it to the folder of that name",
            result.run.profile
        ));
    }
    Ok(result)
}

/// A run counted twice would make the machine look steadier than it is.
fn no_run_twice(kept: &[Kept]) -> Result<(), StoreError> {
    let mut seen: BTreeMap<&str, &Path> = BTreeMap::new();
    for one in kept {
        if let Some(other) = seen.insert(&one.result.run.id, &one.path) {
            let problem = format!(
                "and `{}` are the same run, `{}`: remove one of them",
                other.display(),
                one.result.run.id
            );
            return Err(StoreError::content(&one.path, problem));
        }
    }
    Ok(())
}

/// The newest so many of each scenario and the rest, both oldest first.
fn newest(all: Vec<Kept>, most: usize) -> (Vec<Kept>, Vec<Kept>) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut chosen = BTreeSet::new();
    for kept in all.iter().rev() {
        let loads = kept.result.scenarios.iter().filter(|scenario| scenario.load.is_some());
        for scenario in loads {
            let count = counts.entry(scenario.name.clone()).or_default();
            *count += 1;
            if *count <= most {
                chosen.insert(kept.result.run.id.clone());
            }
        }
    }
    all.into_iter().partition(|kept| chosen.contains(&kept.result.run.id))
}

/// Whether a name can be that of a profile's folder or of a run's file.
fn is_name(name: &str) -> bool {
    let plain = !name.is_empty() && !name.contains(['/', '\\', '\0']);
    plain && !name.starts_with('.') && name != NOISE
}

fn is_profile(path: &Path) -> bool {
    path.is_dir() && path.file_name().and_then(|name| name.to_str()).is_some_and(is_name)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let failed = |error| StoreError::io("read", folder, error);
    match folder.read_dir() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(error)),
        Ok(entries) => {
            let mut paths = entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<Result<Vec<_>, _>>()
                .map_err(failed)?;
            paths.sort();
            Ok(paths)
        }
    }
}
