//! `taster demo`: the embedded backend on its own.

use tokio::net::TcpListener;

use crate::cli::args::DemoArgs;
use crate::cli::exit::ExitStatus;
use crate::cli::{Ended, words};
use crate::demo;

/// Serves until it is interrupted, or its parent is gone.
pub fn demo(args: DemoArgs) -> Result<ExitStatus, Ended> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Ended::environment(format!("cannot start an event loop: {error}")))?;
    let served = runtime.block_on(serve(args));
    // A thread that still waits for the parent's pipe must not hold the process.
    runtime.shutdown_background();
    served
}

async fn serve(args: DemoArgs) -> Result<ExitStatus, Ended> {
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        Ended::environment(format!(
            "cannot listen on {}: {error}; choose another address with --listen",
            args.listen
        ))
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Ended::environment(format!("cannot tell the address: {error}")))?;
    let with_parent = args.with_parent;
    let told_to_end = told_to_end()
        .map_err(|error| Ended::environment(format!("cannot listen for Ctrl-C: {error}")))?;
    let stop = async move {
        tokio::select! {
            () = told_to_end, if !with_parent => {}
            () = parent_gone(), if with_parent => {}
        }
    };
    words::data(&format!("listening on http://{address}\n"));
    let options = demo::Options {
        database: args.database,
        seed: args.seed,
        faults: args.fault,
        ..demo::Options::default()
    };
    demo::serve(listener, options, stop)
        .await
        .map_err(|error| Ended::environment(error.to_string()))?;
    Ok(ExitStatus::Pass)
}

/// Ends with Ctrl-C, or with what a service manager sends: the database is to be removed after
/// either. Both are heard from the call on, not only once this is waited for.
#[cfg(unix)]
fn told_to_end() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn told_to_end() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// The parent holds our standard input open and never writes to it.
async fn parent_gone() {
    let read = tokio::task::spawn_blocking(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    });
    let _ = read.await;
}
