//! Bounds what a session waits for, without a timer for each request.
//!
//! A session has one timer. It is set when something is waited for and none is set; when it goes
//! off too early for what is waited for by then, it is set again. So a user who asks a thousand
//! times a second sets it once in as long as a step may take.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::time::{Instant, Sleep, sleep_until};

/// The timer of one session.
#[derive(Debug, Default)]
pub(super) struct Deadline {
    timer: Option<(Pin<Box<Sleep>>, Waker)>,
}

impl Deadline {
    /// Waits for `work`, until `at` at most; none where it took longer.
    pub(super) async fn bound<W: Future>(&mut self, at: Instant, work: W) -> Option<W::Output> {
        let mut work = pin!(work);
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => self.poll(at, cx).map(|()| None),
        })
        .await
    }

    fn poll(&mut self, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let (timer, waker) =
            self.timer.get_or_insert_with(|| (Box::pin(sleep_until(at)), Waker::noop().clone()));
        let wakes = waker.will_wake(cx.waker());
        if wakes && timer.deadline() <= at && !timer.is_elapsed() {
            return Poll::Pending;
        }
        if timer.deadline() != at {
            timer.as_mut().reset(at);
        }
        if !wakes {
            waker.clone_from(cx.waker());
        }
        timer.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_takes_too_long_is_given_up_on_time() {
        let mut deadline = Deadline::default();
        let start = Instant::now();
        for (work, limit, wanted) in [(10, 50, Some(())), (60, 50, None), (20, 30, Some(()))] {
            let at = Instant::now() + Duration::from_millis(limit);
            let done = deadline.bound(at, sleep(Duration::from_millis(work))).await;
            assert_eq!(done, wanted, "{work} of {limit}");
        }
        assert_eq!(start.elapsed(), Duration::from_millis(80));
    }

    #[tokio::test(start_paused = true)]
    async fn a_shorter_limit_after_a_longer_one_is_kept() {
        let mut deadline = Deadline::default();
        let far = Instant::now() + Duration::from_secs(60);
        assert!(deadline.bound(far, sleep(Duration::from_millis(1))).await.is_some());
        let near = Instant::now() + Duration::from_millis(5);
        assert!(deadline.bound(near, pending::<()>()).await.is_none());
        assert_eq!(Instant::now(), near);
    }

    #[tokio::test(start_paused = true)]
    async fn an_early_timer_is_set_again_for_what_is_waited_for_now() {
        let mut deadline = Deadline::default();
        let step = Duration::from_millis(100);
        for _ in 0..50 {
            let at = Instant::now() + step;
            assert!(deadline.bound(at, sleep(step - Duration::from_millis(1))).await.is_some());
        }
        let at = Instant::now() + step;
        assert!(deadline.bound(at, pending::<()>()).await.is_none());
        assert_eq!(Instant::now(), at);
    }
}
