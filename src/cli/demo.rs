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
    words::data(&format!("listening on http://{address}\n"));
    let options = demo::Options {
        database: args.database,
        seed: args.seed,
        faults: args.fault,
        ..demo::Options::default()
    };
    let with_parent = args.with_parent;
    let stop = async move {
        tokio::select! {
            // Nobody can be told that the signal cannot be heard; the parent's end still can.
            _ = tokio::signal::ctrl_c(), if !with_parent => {}
            () = parent_gone(), if with_parent => {}
        }
    };
    demo::serve(listener, options, stop)
        .await
        .map_err(|error| Ended::environment(error.to_string()))?;
    Ok(ExitStatus::Pass)
}

/// The parent holds our standard input open and never writes to it.
async fn parent_gone() {
    let read = tokio::task::spawn_blocking(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    });
    let _ = read.await;
}
