//! The server that everybody is measured against, and what it counts. nginx, or where it is not
//! installed and only the program itself is tried, the stub inside this program.

use std::cell::Cell;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::bench::{Bench, Problem, Side};
use crate::proc;

/// The server's configuration, and so its answers.
pub const CONFIGURATION: &str = include_str!("nginx.conf");

/// A server that runs; it ends with this value.
pub struct Server {
    child: Child,
    address: SocketAddr,
    log: Option<PathBuf>,
    /// Readings of its counters, which it counts too.
    readings: Cell<u64>,
}

/// What the server had counted at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// The moment.
    pub at: Instant,
    /// Requests of others than this program.
    pub requests: u64,
    /// Connections that are open.
    pub connections: u64,
    /// CPU time used.
    pub cpu: Duration,
}

impl Server {
    /// Starts one on a free port; with a log of every request where wanted.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(bench: &Bench, logged: bool) -> Result<Self, Problem> {
        let address = free_address()?;
        let folder = bench.folder.join("server");
        fs::create_dir_all(&folder)?;
        let log = logged.then(|| folder.join("requests.log"));
        if let Some(log) = &log {
            fs::write(log, "")?;
        }
        let mut text = CONFIGURATION.replace("127.0.0.1:8088", &address.to_string());
        if let Some(log) = &log {
            let on = format!("access_log {} work;\n  keepalive_requests", log.display());
            text = text.replace("access_log off;\n  keepalive_requests", &on);
        }
        let file = folder.join("nginx.conf");
        fs::write(&file, text)?;
        let mut command = match &bench.nginx {
            Some(nginx) => {
                let mut command = bench.pinned(Side::Server, nginx);
                command.arg("-p").arg(&folder).arg("-c").arg(&file).args(["-e", "stderr"]);
                command
            }
            None => stub(bench, address, log.as_ref()),
        };
        let words = fs::File::create(folder.join("server.err"))?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(words).spawn()?;
        let server = Self { child, address, log, readings: Cell::new(0) };
        server.wait_until_up(&folder)?;
        Ok(server)
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its counters now.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn counted(&self) -> Result<Counted, Problem> {
        let begin = Instant::now();
        let text = self.status()?;
        let at = begin + begin.elapsed() / 2;
        let own = self.readings.get() + 1;
        self.readings.set(own);
        let (requests, connections) =
            numbers(&text).ok_or_else(|| Problem::new(format!("odd server counters: {text}")))?;
        let cpu = proc::tree_cpu(self.child.id());
        let (requests, connections) = (requests.saturating_sub(own), connections.saturating_sub(1));
        Ok(Counted { at, requests, connections, cpu })
    }

    /// Ends it and gives the lines of its log.
    ///
    /// # Errors
    /// When there is no log.
    pub fn into_log(mut self) -> Result<String, Problem> {
        self.end();
        let log = self.log.take().ok_or_else(|| Problem::new("the server kept no log".into()))?;
        Ok(fs::read_to_string(log)?)
    }

    fn status(&self) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(b"GET /stub_status HTTP/1.0\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    }

    fn wait_until_up(&self, folder: &std::path::Path) -> Result<(), Problem> {
        for _ in 0..100 {
            if self.counted().is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let said = fs::read_to_string(folder.join("server.err")).unwrap_or_default();
        Err(Problem::new(format!("the server does not answer at {}: {said}", self.address)))
    }

    /// Asked to end, so that nginx takes its worker with it; a stub knows no such wish.
    fn end(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.child.id() as i32) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn stub(bench: &Bench, address: SocketAddr, log: Option<&PathBuf>) -> Command {
    let mut command = bench.itself(Side::Server);
    command.arg("serve").arg(address.to_string());
    command.args(log);
    command
}

fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

/// Requests and open connections from the text of nginx's `stub_status`.
fn numbers(text: &str) -> Option<(u64, u64)> {
    let (_, body) = text.split_once("\r\n\r\n")?;
    let connections = body.lines().find_map(|line| line.strip_prefix("Active connections:"))?;
    let line = body.lines().skip_while(|line| !line.contains("accepts handled requests")).nth(1)?;
    let requests = line.split_whitespace().nth(2)?;
    Some((requests.parse().ok()?, connections.trim().parse().ok()?))
}
