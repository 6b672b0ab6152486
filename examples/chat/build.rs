//! Finds the official browser client among the npm packages, for the page to load from the Worker itself.

use std::{env, fs, io, path::PathBuf};

const CLIENT: &str = "../../node_modules/@microsoft/signalr/dist/browser/signalr.min.js";

/// So that the native tests compile without npm packages; nobody serves it.
const INSTEAD: &str = "document.body.textContent = 'Run `npm ci` and build again: the SignalR client is missing.';";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={CLIENT}");
    let client = fs::read_to_string(CLIENT).unwrap_or_else(|_| INSTEAD.to_owned());
    let folder = env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    fs::write(folder.join("signalr.min.js"), client)
}
