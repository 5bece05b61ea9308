//! Who hears of a load that is published: a scraper, and a receiver of pushes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the load is scraped.
const EVERY: Duration = Duration::from_secs(1);

/// Both at work.
pub struct Receivers {
    /// Where the load is to listen.
    pub scraped: String,
    /// Where it is to push to.
    pub pushed: String,
    over: Arc<AtomicBool>,
    pushes: Arc<AtomicUsize>,
    scraper: JoinHandle<usize>,
}

impl Receivers {
    /// Takes two ports, and begins.
    pub fn start() -> std::io::Result<Self> {
        // The load takes it again at once; nothing else on this machine asks for ports meanwhile.
        let scraped = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let pushed = listener.local_addr()?.to_string();
        let (over, pushes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let count = pushes.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let count = count.clone();
                std::thread::spawn(move || receive(connection, &count));
            }
        });
        let (address, ended) = (scraped.clone(), over.clone());
        let scraper = std::thread::spawn(move || {
            let mut scrapes = 0;
            while !ended.load(Ordering::Relaxed) {
                scrapes += usize::from(scrape(&address).is_ok_and(|length| length > 0));
                std::thread::sleep(EVERY);
            }
            scrapes
        });
        Ok(Self { scraped, pushed, over, pushes, scraper })
    }

    /// How often the load was scraped with an answer, and how often it pushed.
    pub fn end(self) -> (usize, usize) {
        self.over.store(true, Ordering::Relaxed);
        (self.scraper.join().unwrap_or_default(), self.pushes.load(Ordering::Relaxed))
    }
}

/// The length of what was answered.
fn scrape(address: &str) -> std::io::Result<usize> {
    let mut connection = TcpStream::connect(address)?;
    write!(connection, "GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    connection.read_to_end(&mut Vec::new())
}

/// Takes each push of a connection: its head, as many bytes as that says, and an answer.
fn receive(mut connection: TcpStream, count: &AtomicUsize) {
    let mut open = Vec::new();
    let mut bytes = [0; 16_384];
    while let Ok(more @ 1..) = connection.read(&mut bytes) {
        open.extend_from_slice(&bytes[..more]);
        while let Some(end) = open.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&open[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
            if open.len() < end + 4 + length {
                break;
            }
            open.drain(..end + 4 + length);
            count.fetch_add(1, Ordering::Relaxed);
            if connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").is_err() {
                return;
            }
        }
    }
}
