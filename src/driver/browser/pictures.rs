//! Takes pictures of the page, and holds them against stored ones.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::mishap::Mishap;
use super::page::{GRACE, Page};

use super::Shot;
use super::record::KeptFile;
use crate::picture::compare;
use crate::plan::browser::Picture;
use crate::sample::Failure;

/// Between two pictures that must be the same before one counts.
const SETTLING: Duration = Duration::from_millis(60);

/// So many must be the same before one is stored, each after twice the time of the one before: what
/// is stored is what every later run is held against, and a busy machine draws half a page and
/// rests.
const STORED_AFTER: u32 = 4;

/// How far a picture may be from the stored one.
pub(super) struct Allowed<'a> {
    pub(super) mask: &'a [Value],
    /// For one pixel, 0 to 1.
    pub(super) tolerance: f64,
    /// Of all pixels, 0 to 1.
    pub(super) share: f64,
}

impl Page {
    /// A picture that the run keeps.
    pub(super) async fn screenshot(
        &mut self,
        picture: &Picture,
        by: Instant,
    ) -> Result<(), Mishap> {
        let shot = self.shot(picture, by).await?;
        let bytes = self.channel.picture(&shot, by).await?;
        self.files.push(KeptFile { name: format!("{}.png", picture.name), bytes });
        Ok(())
    }

    async fn shot(&mut self, picture: &Picture, by: Instant) -> Result<Shot, Mishap> {
        let full = picture.full;
        let Some(of) = &picture.of else { return Ok(Shot { full, ..Shot::default() }) };
        let answer = self.must("rect", json!({ "locator": of }), by).await?;
        let number = |at: usize| answer.value["rect"][at].as_f64().unwrap_or_default();
        let clip = Some((number(0), number(1), number(2), number(3)));
        Ok(Shot { clip, ..Shot::default() })
    }

    /// Fails unless the page looks as the stored picture; looks again until it does, or the time
    /// is over.
    pub(super) async fn expect_screenshot(
        &mut self,
        picture: &Picture,
        allowed: &Allowed<'_>,
        by: Instant,
    ) -> Result<(), Mishap> {
        let file = self.stored(&picture.name);
        let stored = tokio::fs::read(&file).await.ok();
        self.must("freeze", json!({}), by).await?;
        if !allowed.mask.is_empty() {
            self.must("mask", json!({ "locators": allowed.mask }), by).await?;
        }
        let taken = self.steady_picture(picture, stored.as_deref(), allowed, by).await;
        // The page goes on as it was, whatever came of it.
        let grace = by + GRACE;
        let thawed = self.ask("thaw", json!({}), grace).await;
        if !allowed.mask.is_empty() {
            self.ask("unmask", json!({}), grace).await?;
        }
        let (bytes, verdict) = taken?;
        thawed?;
        match verdict {
            Ok(()) => Ok(()),
            Err(_) if self.updates_pictures => self.store(&file, &bytes).await,
            Err(mut mishap) => {
                let name = format!("{}-{}", picture.name, self.engine);
                mishap.message.push_str(&format!(
                    "; stored: {}; look at `{name}-actual.png` in the run's folder, and run with \
                     --update-screenshots if that is how it shall look",
                    file.display()
                ));
                self.files.push(KeptFile { name: format!("{name}-actual.png"), bytes });
                Err(mishap)
            }
        }
    }

    /// A picture that two looks agree on, and how it compares.
    async fn steady_picture(
        &mut self,
        picture: &Picture,
        stored: Option<&[u8]>,
        allowed: &Allowed<'_>,
        by: Instant,
    ) -> Result<(Vec<u8>, Result<(), Mishap>), Mishap> {
        let shot = self.shot(picture, by).await?;
        // When the time is up, the picture that shows it is still taken.
        let grace = by + GRACE;
        let mut before = self.channel.picture(&shot, grace).await?;
        let mut same = 1;
        loop {
            let judged = self.judge(picture, (stored, &before), allowed);
            if judged.is_ok() {
                return Ok((before, Ok(())));
            }
            let wait = if stored.is_none() { SETTLING * (1 << (same - 1)) } else { SETTLING };
            sleep(wait).await;
            let now = self.channel.picture(&shot, grace).await?;
            same = if now == before { same + 1 } else { 1 };
            // One that does not change any more will not become right by waiting long.
            if (same >= STORED_AFTER && stored.is_none()) || Instant::now() >= by {
                return Ok((now, judged));
            }
            before = now;
        }
    }

    fn judge(
        &mut self,
        picture: &Picture,
        (stored, taken): (Option<&[u8]>, &[u8]),
        allowed: &Allowed<'_>,
    ) -> Result<(), Mishap> {
        let wrong = |message: String| Mishap::new(Failure::Page, message);
        let Some(stored) = stored else {
            let message = format!("no picture `{}` is stored for {}", picture.name, self.engine);
            return Err(wrong(message));
        };
        let compared = compare(stored, taken, allowed.tolerance).map_err(wrong)?;
        if compared.share <= allowed.share {
            return Ok(());
        }
        let name = format!("{}-{}-diff.png", picture.name, self.engine);
        self.files.retain(|file| file.name != name);
        self.files.push(KeptFile { name, bytes: compared.diff });
        Err(wrong(format!(
            "{:.2} % of the pixels are not as stored, and {:.2} % may be",
            compared.share * 100.0,
            allowed.share * 100.0
        )))
    }

    /// Where the stored picture is: beside the scenario file, one for each engine, since no two
    /// engines draw alike.
    fn stored(&self, name: &str) -> PathBuf {
        self.folder.join("screenshots").join(format!("{name}-{}.png", self.engine))
    }

    async fn store(&self, file: &PathBuf, bytes: &[u8]) -> Result<(), Mishap> {
        let folder = file.parent().unwrap_or(file);
        let made = async {
            tokio::fs::create_dir_all(folder).await?;
            tokio::fs::write(file, bytes).await
        };
        made.await.map_err(|problem| {
            let message = format!("{} cannot be written: {problem}", file.display());
            Mishap::new(Failure::Missing, message)
        })
    }

    /// The page as it is now, small; none where it cannot be had.
    pub(super) async fn thumbnail(&mut self, by: Instant) -> Option<Vec<u8>> {
        let shot = Shot { quality: Some(45), scale: 0.25, ..Shot::default() };
        self.channel.picture(&shot, by).await.ok()
    }
}
