//! Which row of a feed an iteration gets: computed from its number alone, so that workers share
//! nothing and the same seed gives the same rows.

use crate::driver::Session;
use crate::plan::{FeedPlan, ScenarioPlan};
use crate::scenario::{AtEnd, Pick};

/// Who asks for a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    /// The virtual user or test, from 0.
    pub user: u64,
    /// The iteration among all of the run, from 0.
    pub iteration: u64,
    /// A number drawn from the seed for this iteration.
    pub random: u64,
}

/// Puts the rows of all feeds into the session's variables.
///
/// # Errors
/// The name of the feed that has no row left.
pub(super) fn deal<'a>(
    plan: &'a ScenarioPlan,
    session: &mut Session,
    turn: Turn,
) -> Result<(), &'a str> {
    for feed in &plan.feeds {
        let row = row(feed, turn).ok_or(feed.name.as_str())?;
        for (slot, text) in feed.columns.iter().zip(&feed.rows[row]) {
            session.set(*slot, serde_json::Value::String(text.clone()));
        }
    }
    Ok(())
}

fn row(feed: &FeedPlan, turn: Turn) -> Option<usize> {
    let rows = feed.rows.len() as u64;
    let wanted = match feed.pick {
        Pick::InOrder => turn.iteration,
        Pick::Each => turn.user,
        Pick::Random => turn.random % rows.max(1),
    };
    match feed.at_end {
        AtEnd::Wrap => (rows > 0).then(|| (wanted % rows) as usize),
        AtEnd::Stop => (wanted < rows).then_some(wanted as usize),
    }
}

/// Mixes numbers into one that looks random (splitmix64's finisher, Steele et al. 2014).
pub(super) fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0x9e37_79b9_7f4a_7c15, |state, part| {
        let mut z = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(rows: usize, pick: Pick, at_end: AtEnd) -> FeedPlan {
        let rows = (0..rows).map(|row| vec![row.to_string()]).collect();
        FeedPlan { name: "users".to_string(), columns: Vec::new(), rows, pick, at_end }
    }

    fn turn(user: u64, iteration: u64) -> Turn {
        Turn { user, iteration, random: mix(&[7, user, iteration]) }
    }

    #[test]
    fn rows_in_order_begin_again_or_end() {
        let wrapping = feed(3, Pick::InOrder, AtEnd::Wrap);
        let ending = feed(3, Pick::InOrder, AtEnd::Stop);
        let rows = |feed: &FeedPlan| (0..5).map(|i| row(feed, turn(0, i))).collect::<Vec<_>>();
        assert_eq!(rows(&wrapping), [Some(0), Some(1), Some(2), Some(0), Some(1)]);
        assert_eq!(rows(&ending), [Some(0), Some(1), Some(2), None, None]);
    }

    #[test]
    fn each_user_keeps_its_row_in_every_iteration() {
        let each = feed(3, Pick::Each, AtEnd::Stop);
        assert!((0..9).all(|iteration| row(&each, turn(2, iteration)) == Some(2)));
        assert_eq!(row(&each, turn(3, 0)), None);
    }

    #[test]
    fn random_rows_are_the_same_for_the_same_turn_and_reach_every_row() {
        let random = feed(4, Pick::Random, AtEnd::Stop);
        let rows: Vec<_> = (0..100).map(|i| row(&random, turn(1, i))).collect();
        assert_eq!(rows, (0..100).map(|i| row(&random, turn(1, i))).collect::<Vec<_>>());
        assert!((0..4).all(|wanted| rows.contains(&Some(wanted))));
    }
}
