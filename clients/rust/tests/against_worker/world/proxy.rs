//! A line to a server that can be cut, and held so that nothing passes.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Proxy {
    pub(crate) url: String,
    /// How often the line was cut.
    cuts: Arc<watch::Sender<u32>>,
    /// Whether what the server sends is swallowed.
    swallows: Arc<watch::Sender<bool>>,
}

impl Proxy {
    pub(crate) async fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (cuts, swallows) = (Arc::new(watch::channel(0).0), Arc::new(watch::channel(false).0));
        let (all_cuts, all_swallows) = (Arc::clone(&cuts), Arc::clone(&swallows));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(join(client, port, all_cuts.subscribe(), all_swallows.subscribe()));
            }
        });
        Self { url, cuts, swallows }
    }

    /// Swallows what the server sends on open lines: it counts as sent, and arrives nowhere.
    pub(crate) fn swallow(&self) {
        self.swallows.send_replace(true);
    }

    /// Cuts all lines, without a word to either side.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
        self.swallows.send_replace(false);
    }
}

async fn join(mut client: TcpStream, port: u16, mut cuts: watch::Receiver<u32>, swallows: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    cuts.mark_unchanged();
    loop {
        tokio::select! {
            read = client.read(&mut up) => match read {
                Ok(length @ 1..) => if server.write_all(&up[..length]).await.is_err() { return },
                _ => return,
            },
            read = server.read(&mut down) => match read {
                Ok(length @ 1..) => {
                    if !*swallows.borrow() && client.write_all(&down[..length]).await.is_err() { return }
                }
                _ => return,
            },
            _ = cuts.changed() => {
                // Closed with a reset: neither side is told that it ended well.
                for line in [&client, &server] {
                    line.set_zero_linger().unwrap();
                }
                return;
            }
        }
    }
}
