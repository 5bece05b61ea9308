//! Judges a duet from its recordings, and writes what there is to say about it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::analysis::gate::{self, Comparison, Design, Gate, Look, Noise, Occasion, looks};
use crate::analysis::{self, Finding, Margins, Stage, Stored, Verdict, Word};
use crate::cli::exit::ExitStatus;
use crate::cli::{Ended, github, words};
use crate::report::{self, Format, Sides, TextOptions};
use crate::result::{DuetPart, RunResult};
use crate::store::{self, RunFolder};
use crate::units::show_duration;

/// What was recorded of a duet.
#[derive(Debug, Default)]
pub struct Recorded {
    /// Names the duet.
    pub id: String,
    /// What side a and side b are, in words.
    pub names: [String; 2],
    /// Both sides of each restart, a first, in their order.
    pub restarts: Vec<(RunResult, RunResult)>,
    /// Why it came to no end.
    pub failed: Option<String>,
}

impl Recorded {
    /// From a duet's folder.
    ///
    /// # Errors
    /// When something in it is no part of the duet, or too little of it is whole.
    pub fn read(folder: &Path) -> Result<Self, Ended> {
        let foreign = |what: String| {
            Ended::usage(format!("`{}` is not the folder of one duet: {what}", folder.display()))
        };
        let mut sides: BTreeMap<(u32, String), RunResult> = BTreeMap::new();
        let mut id: Option<String> = None;
        for result in store::read_parts(folder)? {
            let Some(part) = result.run.duet.clone() else {
                return Err(foreign(format!("the run {} was none", result.run.id)));
            };
            if *id.get_or_insert_with(|| part.id.clone()) != part.id {
                return Err(foreign(format!("there are parts of {} in it too", part.id)));
            }
            sides.insert((part.restart, part.side), result);
        }
        let mut restarts = Vec::new();
        for number in 1.. {
            let mut side = |name: &str| sides.remove(&(number, name.to_string()));
            let (Some(a), Some(b)) = (side("a"), side("b")) else { break };
            restarts.push((a, b));
        }
        let what = |of: &RunResult| of.run.duet.clone().unwrap_or_default().what;
        let names = restarts.first().map(|(a, b)| [what(a), what(b)]).unwrap_or_default();
        let recorded = Self { id: id.unwrap_or_default(), names, restarts, failed: None };
        if recorded.look().is_none() {
            return Err(Ended::new(
                ExitStatus::Invalid,
                format!(
                    "`{}` has {} whole restarts, which is too few to judge: run the duet again",
                    folder.display(),
                    recorded.restarts.len()
                ),
            ));
        }
        Ok(recorded)
    }

    /// The last look that there are restarts enough for.
    fn look(&self) -> Option<Look> {
        let whole = self.restarts.len();
        let looks = looks::settled(&self.part()?.looks);
        looks.into_iter().rfind(|look| look.restarts as usize <= whole)
    }

    /// The margins of a gate with what was known of the noise when the duet began: whoever judges
    /// it again, later and elsewhere, comes to the same verdict.
    fn gate(&self, margins: &Gate) -> Gate {
        let assumed = Noise::assumed(self.part());
        let learnt = self.part().and_then(|part| part.between_sides);
        let learnt = learnt.filter(|sd| sd.is_finite() && *sd > 0.0);
        let between_sides = learnt.unwrap_or(assumed.between_sides);
        let noise = Noise { between_sides, learnt: learnt.is_some(), ..assumed };
        Gate { noise, ..margins.clone() }
    }

    fn part(&self) -> Option<&DuetPart> {
        self.restarts.first()?.1.run.duet.as_ref()
    }

    /// The verdict: the comparison of the sides, and beside it whatever of side b does not hold
    /// without any comparison.
    ///
    /// # Errors
    /// When a recording holds a histogram that cannot be read.
    pub fn judge(&self, gate: &Gate) -> Result<Verdict, Ended> {
        let comparison = match (self.unfit(), self.look()) {
            (Some(why), _) => invalid(self.restarts.len(), why),
            (None, None) => invalid(self.restarts.len(), "too few restarts are whole".to_string()),
            (None, Some(look)) => self.compare(look, &self.gate(gate))?,
        };
        Ok(analysis::conclude(comparison, self.beside()))
    }

    fn compare(&self, look: Look, gate: &Gate) -> Result<Comparison, Ended> {
        let looked_at = &self.restarts[..look.restarts as usize];
        let compared = gate::duet(looked_at, gate, look);
        let mut comparison = compared.map_err(|error| {
            Ended::usage(format!("a recording of the duet cannot be read: {error}"))
        })?;
        if self.part().is_some_and(|part| !part.restarted) {
            comparison.notes.push(
                "The two targets were not restarted: the guarantee holds for these two processes."
                    .to_string(),
            );
        }
        Ok(comparison)
    }

    /// Whether nothing may be compared, whatever other restarts would show.
    pub fn is_unfit(&self) -> bool {
        self.unfit().is_some()
    }

    /// Why nothing may be compared: a side failed, or one of the runs is INVALID by itself.
    fn unfit(&self) -> Option<String> {
        if let Some(why) = &self.failed {
            return Some(why.clone());
        }
        self.restarts.iter().find_map(|(a, b)| {
            [a, b].into_iter().find_map(|result| {
                let own = analysis::judge(result, &Stored::none(), &Margins::default());
                let found = own.findings.into_iter().find(|one| one.word == Word::Invalid)?;
                let part = result.run.duet.clone().unwrap_or_default();
                Some(format!("side {} of restart {}: {}", part.side, part.restart, found.message))
            })
        })
    }

    /// What fails on side b whatever side a does: its SLAs, failed requests, steps that were not
    /// reached; once each, as it was found first.
    fn beside(&self) -> Vec<Finding> {
        let mut beside: Vec<Finding> = Vec::new();
        for (_, b) in &self.restarts {
            let own = analysis::judge(b, &Stored::none(), &Margins::default());
            for found in own.findings {
                let absolute = !matches!(found.stage, Stage::Validity | Stage::Baseline);
                let known = beside
                    .iter()
                    .any(|one| (&one.subject, &one.metric) == (&found.subject, &found.metric));
                if found.word == Word::Fail && absolute && !known {
                    beside.push(found);
                }
            }
        }
        beside
    }

    fn sides(&self) -> Sides {
        let [before, after] = self.names.clone();
        let title = format!("duet {}", self.id);
        let Some((_, b)) = self.restarts.first() else {
            return Sides { title, before, after, facts: Vec::new() };
        };
        let (part, run) = (b.run.duet.clone().unwrap_or_default(), &b.run);
        let layout = match part.turn_ms {
            0 => "side by side, half of the load each".to_string(),
            ms => format!("in turns of {} s", f64::from(ms) / 1_000.0),
        };
        let machine = &b.machine;
        let fact = |label: &str, value: String| (label.to_string(), value);
        let long = b.scenarios.iter().filter_map(|one| one.load.as_ref()).map(|l| l.planned_ms);
        let long = std::time::Duration::from_millis(long.max().unwrap_or_default());
        Sides {
            title,
            before,
            after,
            facts: vec![
                fact("layout", layout),
                fact("restarts", self.restarts.len().to_string()),
                fact("judged after", judged_after(&part.looks)),
                fact("load of a restart", show_duration(long)),
                fact("profile", run.profile.clone()),
                fact(
                    "machine",
                    format!("{} ({} cores, {})", machine.cpu, machine.cores, machine.os),
                ),
                fact("Taster", run.tool_version.clone()),
                fact("revision", run.git_revision.clone().unwrap_or("none".to_string())),
            ],
        }
    }

    /// Shows the verdict: on standard output, because it is what was asked for.
    pub fn show(&self, verdict: &Verdict, folder: &Path) {
        let options = TextOptions {
            colour: words::output_coloured(),
            files: Some(folder.display().to_string()),
        };
        words::data(&report::comparison_text(verdict, &self.sides(), &options));
    }

    /// Writes the reports wanted.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn write(
        &self,
        verdict: &Verdict,
        folder: &RunFolder,
        formats: &[Format],
    ) -> Result<(), Ended> {
        for format in formats {
            for (name, content) in report::comparison(*format, verdict, &self.sides()) {
                folder.write(&name, &content)?;
            }
        }
        github::tell_of_comparison(folder, verdict, &self.sides(), formats)
    }
}

/// `1, 2, 3 and 5 restarts`.
fn judged_after(looks: &[u32]) -> String {
    let counts: Vec<String> = looks.iter().map(ToString::to_string).collect();
    match counts.split_last() {
        Some((last, [])) => format!("{last} restarts"),
        Some((last, rest)) => format!("{} and {last} restarts", rest.join(", ")),
        None => "all restarts".to_string(),
    }
}

fn invalid(restarts: usize, why: String) -> Comparison {
    Comparison {
        word: Word::Invalid,
        changes: Vec::new(),
        design: Design::Duet { restarts: restarts as u32, look: Occasion::Planned },
        notes: vec![why],
        gate: Gate::default(),
        each_ms: 0,
    }
}
