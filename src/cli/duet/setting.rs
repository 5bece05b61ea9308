//! How a duet is run: how the sides share the time, after how many restarts it is judged, and what
//! is known of how far equal sides differ on this kind of machine. All of it is settled before the
//! duet begins.

use crate::analysis::gate::looks;
use crate::cli::Ended;
use crate::cli::args::{DuetArgs, Layout};
use crate::cli::duet::cores::{self, Cores};
use crate::result::LearntNoise;
use crate::store::{self, Baselines};

/// Restarts that are added once.
pub const EXTENSION: u32 = 2;

/// With fewer cores the sides would take them from each other.
const SIDE_BY_SIDE: usize = 4;

/// What is settled.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// How the sides share the time.
    pub layout: Layout,
    /// After how many restarts it is judged.
    pub looks: Vec<u32>,
    /// Cores for each side, where there are enough for both.
    pub cores: Option<[Cores; 2]>,
    /// How far equal sides differ here, where that has been learnt: the standard deviation of ln
    /// p95.
    pub between_sides: Option<f64>,
    /// Why it cannot end early, where somebody may wonder.
    pub no_early_stop: Option<String>,
}

/// The layout of a machine with these cores, where none was asked for.
pub fn layout(cores: usize) -> Layout {
    match cores < SIDE_BY_SIDE {
        true => Layout::Interleaved,
        false => Layout::SideBySide,
    }
}

impl Setting {
    /// For targets that are started anew for each restart, or are not.
    ///
    /// # Errors
    /// When what is known of this machine's noise cannot be read.
    pub fn of(args: &DuetArgs, layout: Layout, restarted: bool) -> Result<Self, Ended> {
        let kind = store::machine().fingerprint;
        let noise = Baselines::in_folder(&args.baseline).noise(&kind)?;
        let learnt = noise.and_then(|noise| noise.between_sides);
        let turns = layout == Layout::Interleaved;
        let (learnt, mut why) = match learnt {
            None => (None, Some("has not been learnt".to_string())),
            Some(learnt) => match unlike(&learnt, (turns, restarted)) {
                Some(other) => (None, Some(other.to_string())),
                None => (Some(learnt), None),
            },
        };
        if let Some(learnt) = learnt.as_ref().filter(|learnt| learnt.restarts < looks::TAUGHT) {
            let (count, least) = (learnt.restarts, looks::TAUGHT);
            why = Some(format!("was learnt from {count} restarts, and it takes {least}"));
        }
        let mut looks = vec![args.restarts];
        if !args.no_early_stop && why.is_none() {
            looks.splice(0..0, looks::early(args.restarts));
        }
        if !args.no_extension {
            looks.push(args.restarts + EXTENSION);
        }
        // In turns nobody is in the other's way, and all cores are better than half of them.
        let cores = (!turns && restarted).then(|| cores::divide(&cores::available())).flatten();
        let between_sides = learnt.map(|learnt| learnt.sd);
        let no_early_stop = why.filter(|_| !args.no_early_stop);
        Ok(Self { layout, looks, cores, between_sides, no_early_stop })
    }
}

/// In what duets that taught differ from those to come, so that they say nothing of them.
fn unlike(learnt: &LearntNoise, (turns, restarted): (bool, bool)) -> Option<&'static str> {
    match () {
        () if learnt.turns && !turns => Some("was learnt of duets in turns only"),
        () if !learnt.turns && turns => Some("was learnt of duets side by side only"),
        () if restarted && !learnt.restarted => {
            Some("was learnt of targets that were not restarted")
        }
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_with_too_few_cores_for_both_sides_takes_turns() {
        assert_eq!((layout(1), layout(3)), (Layout::Interleaved, Layout::Interleaved));
        assert_eq!(layout(4), Layout::SideBySide);
    }

    #[test]
    fn only_duets_of_the_same_kind_teach() {
        let learnt = LearntNoise { turns: true, restarted: true, ..LearntNoise::default() };
        assert_eq!(unlike(&learnt, (true, true)), None);
        assert_eq!(unlike(&learnt, (true, false)), None, "processes differ more than segments");
        assert!(unlike(&learnt, (false, true)).is_some());
        let of_urls = LearntNoise { restarted: false, ..learnt };
        assert!(unlike(&of_urls, (true, true)).is_some());
        assert_eq!(unlike(&of_urls, (true, false)), None);
    }
}
