//! Keeps one side of a duet to its turns: what has no schedule of its own waits for them. It also
//! waits while the load is paused.

use tokio::time::{Instant, sleep_until};

use crate::executor::crew::Crew;
use crate::executor::phase::Stage;

impl Crew {
    /// Waits until an iteration may be begun; tells whether that took any time. The end of the
    /// load ends it too.
    pub async fn turn(&self) -> bool {
        if self.held().await {
            return true;
        }
        let Some(turns) = self.load().turns else { return false };
        let at = self.since(Instant::now());
        let next = turns.next_own(at).map(|next| self.origin.get() + next);
        if turns.is_own(at) {
            return false;
        }
        tokio::select! {
            biased;
            () = self.phase.reached(Stage::Ending) => {}
            () = async {
                match next {
                    Some(next) => sleep_until(next).await,
                    None => std::future::pending().await,
                }
            } => {}
        }
        true
    }

    /// Until when the next step of an iteration has to wait, where it has to: the other side's
    /// turn shall be the other side's alone.
    pub fn hold(&self) -> Option<Instant> {
        let turns = self.load().turns?;
        let at = self.since(Instant::now());
        let next = turns.next_own(at).filter(|next| *next > at)?;
        Some(self.origin.get() + next)
    }
}
