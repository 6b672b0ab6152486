//! Prints `docs/configuration.md`, which is written from the table of variables, or checks that it is up to date.
//!
//! ```sh
//! cargo run -p contract --example configuration [-- --check FILE]
//! ```

use std::{env, fmt::Write, fs, process::ExitCode};

use contract::configuration::{VARIABLES, Variable};

const HEAD: &str = "\
<!-- Written from the table in crates/contract/src/configuration by `node scripts/configuration-page.mjs`: change it \
there. -->

# Configuration

Variables stand under `[vars]` in `wrangler.toml`, as texts. One that is missing or blank has its default. One that says
something it cannot mean stops the Worker: every request is answered 500, and the log says which one it is and what it
may be. Locally, `.dev.vars` goes before `wrangler.toml`.

";

const TAIL: &str = "
## Secrets

`npm run deploy` makes those that are missing, and never changes one that is there; `npm start` writes local ones into
`.dev.vars`.

| secret | what it is for |
|---|---|
| `MASTER_KEY` | The operator's key. A new one: `npx wrangler secret put MASTER_KEY`. |
| `PROVIDER_KEY_…` | Optional: the key of a provider of `REALTIME_PROVIDERS`, under its name in capitals: `PROVIDER_KEY_OPENAI`. A provider without one is not called. |
| `AZURE_ACCESS_KEY` | Optional: signs the access tokens of backends that use [Azure's SDKs](azure-signalr.md); at least 32 bytes, or several such keys with commas between. Without it `/api` answers 404. `npm run deploy` makes none; `npx wrangler secret put AZURE_ACCESS_KEY`. |
| `TOKEN_SIGNING_KEY` | Signs client tokens and connection tokens; at least 32 bytes. Another one makes all of them worthless. |

## Bindings

| binding | what it is |
|---|---|
| `VIRTUAL_KEY` | Durable Objects: what belongs to a virtual key, one object each |
| `ADMINISTRATION` | Durable Object: the registry of keys, and what belongs to operators |
| `DIRECTORY` | Durable Objects: which keys are online, and how many connections there are; 16 shards |
| `RELAY` | Durable Objects: sockets that a key's own object has no room for ([relays](relays.md)) |
| `KEYS` | KV: the hash of a key's secret → the key's id; the hashes of the service tokens that were made |
| `EVENTS` | Queue `conduit-events`: domain events that no object took at once, or that were sent with `?delivery=queue` |
| `WEBHOOKS` | Queue `conduit-webhooks`: deliveries of webhooks that are due |
| `DEAD_LETTERS` | Queue `conduit-dead-letters`: what could not be delivered, on its way to the operator |
| `RECORDINGS` | R2, may be missing: recordings of realtime sessions, of keys that allow them |
| `ASSETS` | Static assets: `public/` |
| `AUTH_FAILURES` | Rate limit: counts failed authentications by address; its limit is `AUTH_FAILURES_PER_MINUTE` |
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments {
        [] => {
            print!("{}", page());
            ExitCode::SUCCESS
        }
        ["--check", file] => check(file),
        _ => {
            eprintln!("usage: configuration [--check FILE]");
            ExitCode::FAILURE
        }
    }
}

fn check(file: &str) -> ExitCode {
    match fs::read_to_string(file) {
        Ok(text) if text == page() => ExitCode::SUCCESS,
        Ok(_) => {
            eprintln!("{file} is not what the table of variables says: node scripts/configuration-page.mjs writes it");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{file}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("| variable | default | may be | what it is for | when it is reached |\n|---|---|---|---|---|\n");
    for variable in VARIABLES.iter().filter(|variable| !variable.for_tests) {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "{}", row(variable));
    }
    page.push_str(TAIL);
    page
}

fn row(variable: &Variable) -> String {
    let default = match variable.default {
        "" => "none".to_owned(),
        text => format!("`{text}`"),
    };
    let cells = [
        format!("`{}`", variable.name),
        default,
        variable.values.expected(),
        variable.meaning.to_owned(),
        variable.when_reached.unwrap_or_default().to_owned(),
    ];
    let cells = cells.map(|cell| match cell.replace('|', r"\|") {
        cell if cell.is_empty() => " ".to_owned(),
        cell => format!(" {cell} "),
    });
    format!("|{}|", cells.join("|"))
}
