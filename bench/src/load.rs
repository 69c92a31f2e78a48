//! A load of requests over connections that stay open, from a thread of its own. It ends by itself.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

/// What came of a load.
pub struct Load {
    /// Requests answered a second.
    pub rate: f64,
    /// How long each took, sorted.
    pub latencies: Vec<Duration>,
}

impl Load {
    /// The latency that `percent` of the requests did not exceed.
    pub fn percentile(&self, percent: usize) -> Duration {
        self.latencies[(self.latencies.len() * percent / 100).min(self.latencies.len() - 1)]
    }
}

/// Sends one request over and over, each connection the next one when it has the answer. All answers
/// must be as long as the first.
pub fn load(address: SocketAddr, request: &[u8], connections: usize, time: Duration) -> Load {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let start = Instant::now();
        let clients: Vec<_> = (0..connections)
            .map(|_| tokio::spawn(client(address, request.to_vec(), start + time)))
            .collect();
        let mut latencies = Vec::new();
        for client in clients {
            latencies.extend(client.await.unwrap());
        }
        let rate = latencies.len() as f64 / start.elapsed().as_secs_f64();
        latencies.sort_unstable();
        Load { rate, latencies }
    })
}

async fn client(address: SocketAddr, request: Vec<u8>, end: Instant) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(&request).await.unwrap();
    let mut answer = vec![0; first_answer(&mut stream).await];
    let mut latencies = Vec::new();
    while Instant::now() < end {
        let sent = Instant::now();
        stream.write_all(&request).await.unwrap();
        stream.read_exact(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "an answer was not as long as the first");
        latencies.push(sent.elapsed());
    }
    latencies
}

/// Reads the first answer, and says how long it is.
async fn first_answer(stream: &mut TcpStream) -> usize {
    let mut answer = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).await.unwrap();
        assert!(read > 0, "the connection was closed");
        answer.extend_from_slice(&piece[..read]);
        let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let whole = head + 4 + length.unwrap().parse::<usize>().unwrap();
        if answer.len() >= whole {
            return whole;
        }
    }
}
