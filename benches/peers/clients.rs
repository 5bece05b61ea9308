//! The clients inside this program: what others build load generators from, with nothing around.
//! Each tells at its end how many requests it made, as JSON.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use goose::config::GooseConfiguration;
use goose::prelude::*;

use crate::bench::{Problem, USERS};
use crate::floor;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Client {
    /// HTTP by hand: what cannot be cheaper.
    Floor,
    /// One shared client of reqwest in a loop of each user.
    Reqwest,
    /// Goose's own requests, with its metrics.
    Goose,
}

/// Sends requests for a time and tells how many were answered with 200.
///
/// # Errors
/// When one fails.
pub fn run(client: Client, url: &str, seconds: u64) -> Result<u64, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let time = Duration::from_secs(seconds);
    match client {
        Client::Floor => floor::run(&runtime, url, time),
        Client::Reqwest => runtime.block_on(by_reqwest(url, time)),
        Client::Goose => runtime.block_on(by_goose(url, time)),
    }
}

/// Keeps a core busy, as a neighbour of the generator would.
pub fn hog(seconds: u64) {
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut number = 1u64;
    while Instant::now() < end {
        number = std::hint::black_box(number.wrapping_mul(6_364_136_223_846_793_005) | 1);
    }
}

async fn by_reqwest(url: &str, time: Duration) -> Result<u64, Problem> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let end = Instant::now() + time;
    let done = Arc::new(AtomicU64::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..USERS {
        let (client, url, done) = (client.clone(), url.to_string(), done.clone());
        tasks.spawn(async move {
            while Instant::now() < end {
                let answer = client.get(&url).send().await?.error_for_status()?;
                answer.bytes().await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<(), reqwest::Error>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(|error| Problem::new(error.to_string()))??;
    }
    Ok(done.load(Ordering::Relaxed))
}

async fn by_goose(url: &str, time: Duration) -> Result<u64, Problem> {
    let url = reqwest::Url::parse(url).map_err(|error| Problem::new(error.to_string()))?;
    let path = url.path().to_string();
    let get = Transaction::new(Arc::new(move |user: &mut GooseUser| {
        let path = path.clone();
        Box::pin(async move {
            // As goose's own examples do; its metrics are kept by this.
            let answer = user.get(&path).await?;
            if let Ok(answer) = answer.response {
                let _ = answer.bytes().await;
            }
            Ok(())
        })
    }));
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some(url.origin().ascii_serialization());
    configuration.users = Some(USERS as usize);
    configuration.increase_rate = Some("1000".to_string());
    configuration.run_time = Some(time.as_secs().to_string());
    configuration.no_print_metrics = true;
    configuration.no_telnet = true;
    configuration.quiet = 2;
    let failed = |error: GooseError| Problem::new(error.to_string());
    let scenario = scenario!("get").register_transaction(get);
    let attack = GooseAttack::initialize_with_config(configuration).map_err(failed)?;
    let metrics = attack.register_scenario(scenario).execute().await.map_err(failed)?;
    let requests = metrics.requests.values();
    Ok(requests.map(|request| request.success_count as u64).sum())
}
