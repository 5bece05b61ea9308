//! Waits until a service says that it is well.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use super::full::Full;
use crate::plan::ConnectionPlan;

/// How long one answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two questions.
const PAUSE: Duration = Duration::from_secs(1);

/// So often in a row it must be well: while instances are replaced an old one may still answer.
const IN_A_ROW: u32 = 3;

/// Asks a service until it answers with 2xx three times in a row, one second apart. `told` hears
/// each answer that differs from the one before.
///
/// # Errors
/// A sentence with the last answer, where that has not happened within `patience`.
pub async fn wait_for_health(
    url: &Url,
    connection: &ConnectionPlan,
    patience: Duration,
    told: &mut dyn FnMut(&str),
) -> Result<(), String> {
    let client = Full::new(connection, "--target").map_err(|error| error.to_string())?;
    let until = Instant::now() + patience;
    let (mut well, mut last) = (0, String::from("there was no answer"));
    loop {
        let give_up = until.min(Instant::now() + PATIENCE);
        let answer = match timeout_at(give_up, client.status(url)).await {
            Ok(answer) => answer,
            Err(_) => Err("it did not answer in time".to_string()),
        };
        let seen = match &answer {
            Ok(status) => format!("it answered {status}"),
            Err(why) => why.clone(),
        };
        if seen != last {
            told(&format!("{url}: {seen}"));
            last = seen;
        }
        well = if answer.is_ok_and(|status| (200..300).contains(&status)) { well + 1 } else { 0 };
        if well == IN_A_ROW {
            return Ok(());
        }
        if Instant::now() + PAUSE >= until {
            break;
        }
        sleep(PAUSE).await;
    }
    Err(format!(
        "{url} was not well {IN_A_ROW} times in a row within {} s: at last {last}",
        patience.as_secs()
    ))
}
