//! Which files a scenario needs, and what the caller found in them.
//!
//! Nothing is read here: whoever builds a plan asks each scenario for its `wanted_files`, reads
//! what `locate` says, and hands the contents, or the reasons why there are none, to `build`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::diagnostic::{Diagnostic, Spanned, nearest};
use crate::scenario::{Action, Scenario, Step};

/// Everything that was read for a plan.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The scenario files to run, in the order given.
    pub scenarios: Vec<Scenario>,
    /// All other files that they and their includes want, by `locate(scenario file, name)`.
    pub files: BTreeMap<String, FileContent>,
    /// The folder that all these names are relative to, absolute: browsers have one of their own.
    pub folder: PathBuf,
}

/// What was found under a path.
#[derive(Debug)]
pub enum FileContent {
    /// An included scenario file, parsed.
    Scenario(Box<Scenario>),
    /// Any other file.
    Bytes(Arc<[u8]>),
    /// Nothing that can be used.
    Unreadable {
        /// Why, as the end of "cannot be read: ...".
        reason: String,
        /// The names beside it, if the folder could be listed: for "did you mean".
        siblings: Vec<String>,
    },
}

/// The path of a file that `from` names, with `.` and `..` settled; none if it is absolute or
/// leaves the folder that all names are relative to.
///
/// For a file outside of that folder (`../other/a.yaml`, `/srv/a.yaml`) only whoever reads can
/// tell where its project ends: see `store::Project`.
pub fn locate(from: &str, name: &str) -> Option<String> {
    if name.is_empty() || name.starts_with(['/', '\\', '~']) || name.contains(['\0', ':']) {
        return None;
    }
    let folder = from.rfind('/').map_or("", |at| &from[..at]);
    let root = if from.starts_with('/') { "/" } else { "" };
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match parts.last() {
            Some(last) if part == ".." && *last != ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let before = parts.len();
    for part in name.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match part {
            ".." => drop(parts.pop().filter(|last| *last != "..")?),
            _ => parts.push(part),
        }
    }
    let named = parts.len() > before || name.contains("..");
    let inside = parts.last().is_some_and(|last| *last != "..");
    (named && inside).then(|| format!("{root}{}", parts.join("/")))
}

/// All steps of a file, those inside of groups too.
pub(super) fn all_steps(scenario: &Scenario) -> Vec<&Step> {
    let hooks = &scenario.hooks;
    let lists = [
        &hooks.before_run,
        &hooks.before_each,
        &hooks.before_test,
        &hooks.before_user,
        &hooks.after_test,
        &hooks.after_user,
        &hooks.after_each,
        &hooks.after_run,
        &scenario.steps,
    ];
    let tests = scenario.tests.iter().map(|test| &test.steps);
    let journeys = scenario.load.iter().flat_map(|load| &load.journeys);
    let mut found = Vec::new();
    for list in lists.into_iter().chain(tests).chain(journeys.map(|journey| &journey.steps)) {
        add_steps(list, &mut found);
    }
    found
}

fn add_steps<'a>(steps: &'a [Step], found: &mut Vec<&'a Step>) {
    for step in steps {
        found.push(step);
        if let Action::Group(inside) = &step.action {
            add_steps(inside, found);
        }
    }
}

/// A file that could be read.
pub(super) enum Found<'a> {
    /// A scenario file.
    Scenario(&'a Scenario),
    /// Any other.
    Bytes(&'a Arc<[u8]>),
}

impl Inputs {
    /// A path as a browser can open it.
    pub(super) fn absolute(&self, path: &str) -> String {
        self.folder.join(path).to_string_lossy().into_owned()
    }

    /// The content of a file where it is named with its path, or what is wrong with it.
    pub(super) fn find(
        &self,
        name: &Spanned<String>,
    ) -> Result<(Found<'_>, String), Box<Diagnostic>> {
        let error =
            |code, problem: String| Diagnostic::error(code, problem, &name.place, "named here");
        let Some(path) = locate(&name.place.file.name, &name.value) else {
            let problem = format!("the file `{}` is not inside the project", name.value);
            let help = "names are relative to this file and stay inside the project folder";
            return Err(error("file-outside", problem).help(help).into());
        };
        let (reason, siblings) = match self.files.get(&path) {
            Some(FileContent::Scenario(scenario)) => return Ok((Found::Scenario(scenario), path)),
            Some(FileContent::Bytes(bytes)) => return Ok((Found::Bytes(bytes), path)),
            Some(FileContent::Unreadable { reason, siblings }) => (reason.as_str(), &siblings[..]),
            None => ("it was not found", &[][..]),
        };
        let file = name.value.rsplit('/').next().unwrap_or_default();
        let near = nearest(file, siblings.iter().map(String::as_str));
        let help = near.map(|near| {
            let folder = &name.value[..name.value.len() - file.len()];
            format!("did you mean `{folder}{near}`?")
        });
        Err(error("file-unreadable", format!("the file `{path}` cannot be read: {reason}"))
            .help("names are relative to the file they are written in")
            .help_if(help)
            .into())
    }

    /// The bytes of a file where it is named, with its path.
    pub(super) fn bytes(
        &self,
        name: &Spanned<String>,
    ) -> Result<(Arc<[u8]>, String), Box<Diagnostic>> {
        self.find(name).map(|(found, path)| match found {
            Found::Bytes(bytes) => (bytes.clone(), path),
            Found::Scenario(scenario) => (scenario.file.text.as_bytes().into(), path),
        })
    }

    /// SHA-256 over a scenario file, the first, and all that it uses, in hexadecimal.
    ///
    /// Names and lengths are part of it, so that no two sets of files look the same; names are
    /// those from the scenario file's own folder, so that it is the same from wherever it is run.
    pub(super) fn digest(&self, files: &[&Scenario]) -> String {
        let folder = files.first().map_or("", |file| {
            let name = &file.file.name;
            &name[..name.rfind('/').map_or(0, |at| at + 1)]
        });
        let mut parts: BTreeMap<&str, &[u8]> = BTreeMap::new();
        for wanted in files.iter().flat_map(|file| file.wanted_files()) {
            let path = locate(&wanted.path.place.file.name, &wanted.path.value);
            let found = path.and_then(|path| self.files.get_key_value(&path));
            if let Some((path, FileContent::Bytes(bytes))) = found {
                parts.insert(path, bytes);
            }
        }
        for file in files {
            parts.insert(&file.file.name, file.file.text.as_bytes());
        }
        let mut sum = Sha256::new();
        for (path, bytes) in parts {
            let path = path.strip_prefix(folder).unwrap_or(path);
            sum.update((path.len() as u64).to_le_bytes());
            sum.update(path.as_bytes());
            sum.update((bytes.len() as u64).to_le_bytes());
            sum.update(bytes);
        }
        sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_to_the_file_they_stand_in() {
        for (from, name, path) in [
            ("shop.yaml", "users.csv", "users.csv"),
            ("scenarios/shop.yaml", "users.csv", "scenarios/users.csv"),
            ("scenarios/shop.yaml", "../data/./users.csv", "data/users.csv"),
            ("./scenarios/shop.yaml", "a//b.csv", "scenarios/a/b.csv"),
            ("/srv/shop/a.yaml", "data/b.csv", "/srv/shop/data/b.csv"),
            ("../other/a.yaml", "x/../b.csv", "../other/b.csv"),
            ("/srv/shop/lib/a.yaml", "../data/b.csv", "/srv/shop/data/b.csv"),
            ("../shop/lib/a.yaml", "../data/b.csv", "../shop/data/b.csv"),
        ] {
            assert_eq!(locate(from, name).as_deref(), Some(path), "{name} from {from}");
        }
    }

    #[test]
    fn no_name_leaves_the_project() {
        for (from, name) in [
            ("shop.yaml", "../users.csv"),
            ("scenarios/shop.yaml", "../../etc/passwd"),
            ("scenarios/shop.yaml", "/etc/passwd"),
            ("scenarios/shop.yaml", "~/x"),
            ("scenarios/shop.yaml", "C:/x"),
            ("scenarios/shop.yaml", "file:///x"),
            ("/srv/a.yaml", "../../b.csv"),
            ("../other/a.yaml", "../../b.csv"),
            ("a.yaml", ""),
            ("a.yaml", "."),
        ] {
            assert_eq!(locate(from, name), None, "{name} from {from}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_path_has_parents_in_it(folder in "[a-z/.]{0,12}", name in "[a-z/.]{0,16}") {
            if let Some(path) = locate(&format!("{folder}/a.yaml"), &name) {
                let kept = path.split('/').skip_while(|part| part.is_empty() || *part == "..");
                proptest::prop_assert!(kept.clone().all(|part| part != ".."), "{}", path);
                proptest::prop_assert!(kept.count() > 0, "{}", path);
            }
        }
    }
}
