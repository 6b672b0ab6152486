//! A Worker under the real workerd, as a process of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::within;

pub(crate) struct Worker {
    child: Child,
    pub(crate) url: String,
    folder: PathBuf,
    name: &'static str,
    is_owner: bool,
}

impl Worker {
    /// Starts Conduit Edge (`edge`) or the Worker of a folder.
    pub(crate) async fn start(name: &'static str) -> Self {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("conduit-client-{}-{number}", std::process::id()));
        Self::start_on(name, folder, 0).await
    }

    async fn start_on(name: &'static str, folder: PathBuf, port: u16) -> Self {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        // `scripts/test.mjs` says which Node.js runs it.
        let node = std::env::var("NODE").unwrap_or_else(|_| "node".to_owned());
        let mut child = Command::new(node)
            .current_dir(project)
            .args(["miniflare.config.js", "--worker", name, "--port", &port.to_string(), "--persist"])
            .arg(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some(url) = line.strip_prefix("ready ") {
                    return url.trim_end_matches('/').to_owned();
                }
            }
            panic!("the Worker ended; was it built? `npm run build`");
        };
        let url = within("the Worker", ready).await;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, url, folder, name, is_owner: true }
    }

    pub(crate) fn port(&self) -> u16 {
        self.url.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Kills it and its workerd, as a power cut does.
    pub(crate) async fn kill(&mut self) {
        let Some(id) = self.child.id() else { return };
        Command::new("kill").args(["-KILL", "--", &format!("-{id}")]).status().await.unwrap();
        self.child.wait().await.unwrap();
    }

    /// Starts it where it was, with what it has stored.
    pub(crate) async fn start_again(mut self) -> Self {
        let (name, folder, port) = (self.name, self.folder.clone(), self.port());
        self.is_owner = false;
        Self::start_on(name, folder, port).await
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(id) = self.child.id() {
            let killed = std::process::Command::new("kill").args(["-KILL", "--", &format!("-{id}")]).status();
            drop(killed);
        }
        if self.is_owner {
            drop(std::fs::remove_dir_all(&self.folder));
        }
    }
}
