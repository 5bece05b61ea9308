//! Whether anybody listens at a target, asked once before a run.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects to a target and hangs up.
///
/// # Errors
/// A sentence that names the target, the likely cause and what to look at.
pub async fn reach(target: &str) -> Result<(), String> {
    let url = Url::parse(target).map_err(|error| format!("`{target}` is not a URL: {error}"))?;
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err(format!("`{target}` names no host"));
    };
    // Brackets belong to the URL, not to the address.
    let address = (host.trim_matches(['[', ']']), port);
    match timeout(PATIENCE, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => Err(format!(
            "nothing listens at {host}:{port} (connection refused); start the service, or check \
             --target"
        )),
        Ok(Err(error)) => Err(format!(
            "{host}:{port} cannot be reached: {error}; check --target, the name and the network"
        )),
        Err(_) => Err(format!(
            "{host}:{port} did not answer within {} s; a firewall may be in between, or the host \
             is down",
            PATIENCE.as_secs()
        )),
    }
}
