//! Connections: accepted, served, and brought to an end when it is time.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{App, edge, routes};

/// How long requests that were begun may take when the service ends.
const GRACE: Duration = Duration::from_secs(5);

/// How often the database's log is copied into its file.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(200);

/// How often sessions that are over are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// How long a connection may keep silent.
const IDLE: Duration = Duration::from_secs(75);

/// Serves connections until `stop` ends.
pub(super) async fn run(listener: TcpListener, app: Arc<App>, stop: impl Future<Output = ()>) {
    let routes = routes::router(Arc::clone(&app));
    let (closing, closed) = watch::channel(());
    let keeper = tokio::spawn(keep_database(Arc::clone(&app), closed.clone()));
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let served = serve(stream, Arc::clone(&app), routes.clone(), closed.clone());
                    connections.spawn(served);
                }
                // Out of sockets, most likely: some of ours may close soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
    drop(listener);
    drop(closing);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all_ended).await.is_err() {
        connections.shutdown().await;
    }
    if let Err(error) = keeper.await {
        log::error!("the demo's checkpoints broke off: {error}");
    }
}

async fn serve(stream: TcpStream, app: Arc<App>, routes: Router, mut closed: watch::Receiver<()>) {
    // Answers are small and whole: waiting for more to send with them would only delay them.
    let _ = stream.set_nodelay(true);
    let service =
        service_fn(move |request| edge::answer(Arc::clone(&app), routes.clone(), request));
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE)
            .serve_connection(TokioIo::new(stream), service)
    );
    // Errors here are the client's, or a fault's: there is nobody to tell.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = closed.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Keeps the database small, without making a request wait for the disk.
async fn keep_database(app: Arc<App>, mut closed: watch::Receiver<()>) {
    let mut forgotten = Instant::now();
    loop {
        tokio::select! {
            _ = closed.changed() => return,
            () = tokio::time::sleep(CHECKPOINT_EVERY) => {}
        }
        if forgotten.elapsed() >= FORGET_EVERY {
            forgotten = Instant::now();
            if let Err(error) = app.database.forget_old().await {
                log::warn!("the demo's database: old sessions stay: {error}");
            }
        }
        let app = Arc::clone(&app);
        let copied = tokio::task::spawn_blocking(move || app.database.checkpoint()).await;
        match copied {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log::warn!("the demo's database: no checkpoint: {error}"),
            Err(error) => log::error!("the demo's checkpoint broke off: {error}"),
        }
    }
}
