//! `taster explain`: what a code means, with an example and the fix.

use serde_json::json;

use crate::cli::args::ExplainArgs;
use crate::cli::exit::ExitStatus;
use crate::cli::{Ended, codes, words};
use crate::diagnostic::{Explanation, nearest};
use crate::{analysis, import, plan, scenario};

/// All codes, by where they come from.
const TABLES: [(&str, &[Explanation]); 6] = [
    ("in a scenario file", scenario::CODES),
    ("in a plan", plan::CODES),
    ("in a project file", codes::PROJECT),
    ("in a duet", codes::DUET),
    ("in a file to import", import::CODES),
    ("found in a run", analysis::CODES),
];

/// Explains one, or lists all.
pub fn explain(args: &ExplainArgs) -> Result<ExitStatus, Ended> {
    let text = match (&args.code, args.json) {
        (None, false) => list(),
        (None, true) => {
            let all = TABLES.iter().flat_map(|(_, table)| *table).map(as_json);
            format!("{:#}\n", all.collect::<serde_json::Value>())
        }
        (Some(code), json) => {
            let (origin, found) = find(code)?;
            if json { format!("{:#}\n", as_json(found)) } else { one(origin, found) }
        }
    };
    words::data(&text);
    Ok(ExitStatus::Pass)
}

/// As somebody copies it: with brackets, or with the word before them.
fn find(typed: &str) -> Result<(&'static str, &'static Explanation), Ended> {
    let code = typed.rsplit('[').next().unwrap_or(typed).trim_end_matches([']', ':']).trim();
    let all = || TABLES.iter().flat_map(|(of, table)| table.iter().map(move |one| (*of, one)));
    if let Some(found) = all().find(|(_, one)| one.code == code) {
        return Ok(found);
    }
    let next = match nearest(code, all().map(|(_, one)| one.code)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`taster explain` lists all of them".to_string(),
    };
    Err(Ended::usage(format!("there is no code `{code}`; {next}")))
}

fn one(origin: &str, found: &Explanation) -> String {
    let Explanation { code, cause, example, fix } = found;
    format!("{code} ({origin})\n\n  cause:    {cause}\n  example:  {example}\n  fix:      {fix}\n")
}

fn list() -> String {
    let mut text = String::new();
    for (of, table) in TABLES {
        text.push_str(&format!("{of}:\n"));
        for row in table {
            text.push_str(&format!("  {:24} {}\n", row.code, row.cause));
        }
        text.push('\n');
    }
    text.push_str("`taster explain CODE` has an example and the fix of each.\n");
    text
}

fn as_json(one: &Explanation) -> serde_json::Value {
    json!({ "code": one.code, "cause": one.cause, "example": one.example, "fix": one.fix })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all() -> Vec<&'static Explanation> {
        TABLES.iter().flat_map(|(_, table)| *table).collect()
    }

    #[test]
    fn every_code_has_a_cause_an_example_and_a_fix_and_is_there_once() {
        let mut seen = BTreeSet::new();
        for one in all() {
            assert!(seen.insert(one.code), "{} is there twice", one.code);
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(one.code.chars().all(plain), "{}", one.code);
            for text in [one.cause, one.example, one.fix] {
                assert!(text.len() > 1, "{}: {text:?}", one.code);
            }
            assert!(one.cause.ends_with(['.', '…']), "{}: {}", one.code, one.cause);
        }
        assert!(seen.len() > 150, "only {}", seen.len());
    }

    #[test]
    fn a_code_is_found_as_it_is_copied() {
        for typed in ["unknown-key", "[unknown-key]", "error[unknown-key]:", "FAIL [sla]"] {
            assert!(find(typed).is_ok(), "{typed}");
        }
        let told = find("unknwon-key").expect_err("it is not there").message;
        assert!(told.contains("did you mean `unknown-key`?"), "{told}");
        let told = find("zzzzzzzzzz").expect_err("it is not there").message;
        assert!(told.contains("lists all"), "{told}");
    }
}
