//! `conduit keys`: virtual keys.

use std::io::{IsTerminal, Write};

use clap::{Args, Subcommand, ValueEnum};
use conduit_client::http::Method;
use serde_json::{Map, Value, json};

use crate::api::Api;
use crate::environment::{Environment, Secret};
use crate::failure::Failure;
use crate::output::{NAME, Output, QUIET, WARNING, clean, plain, table};

#[derive(Debug, Subcommand)]
pub(crate) enum KeysTask {
    /// List all keys
    List,
    /// Make a key; its secret is shown this once
    #[command(after_help = "Example:\n  conduit keys create demo --budget 25 --period monthly --max-connections 200")]
    Create(Create),
    /// Show a key, with what it has spent and who is connected
    Show(OfKey),
    /// Change a key; what is not said stays
    #[command(after_help = "Example:\n  conduit keys update 7 --budget 50 --max-connections none")]
    Update(Update),
    /// Give a key another secret, which is shown this once; the old one stays good for a while
    Rotate {
        #[command(flatten)]
        of: OfKey,
        /// How long the old secret is good, in seconds [default: a day]
        #[arg(long, value_name = "SECONDS")]
        grace: Option<u64>,
    },
    /// Have a key open nothing, and close its connections
    Disable(OfKey),
    /// Have a key open again what it opened
    Enable(OfKey),
    /// Delete a key for good, and close its connections
    Delete {
        #[command(flatten)]
        of: OfKey,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Close a key's connections; its clients may come back
    Disconnect(OfKey),
}

#[derive(Debug, Args)]
pub(crate) struct OfKey {
    /// The key's id, as `conduit keys list` shows it
    #[arg(value_name = "ID")]
    id: String,
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What to call it
    name: String,
    #[command(flatten)]
    fields: Fields,
    /// Make it without opening anything yet
    #[arg(long)]
    disabled: bool,
    /// Take over a key that exists elsewhere, by this id
    #[arg(long, value_name = "ID", requires = "sha256")]
    id: Option<String>,
    /// SHA-256 of that key's secret, 64 hexadecimal digits
    #[arg(long, value_name = "HEX", requires = "id")]
    sha256: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Update {
    #[command(flatten)]
    of: OfKey,
    /// Another name
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    fields: Fields,
}

/// What can be said of a key when it is made, and later. `none` takes away.
#[derive(Debug, Args)]
pub(crate) struct Fields {
    /// What may be spent in a period, or `none`
    #[arg(long, value_name = "AMOUNT")]
    budget: Option<String>,
    /// How long a budget's period is
    #[arg(long, requires = "budget", default_value = "monthly")]
    period: Period,
    /// Connections at once, or `none` for the configuration's figure
    #[arg(long, value_name = "NUMBER")]
    max_connections: Option<String>,
    /// Invocations a minute of each connection, or `none`
    #[arg(long, value_name = "NUMBER")]
    invocations_per_minute: Option<String>,
    /// Voice sessions at once, or `none`
    #[arg(long, value_name = "NUMBER")]
    realtime_sessions: Option<String>,
    /// Whether it opens voice sessions
    #[arg(long, value_name = "true|false")]
    realtime: Option<bool>,
    /// The models that it may use, separated by commas, or `none` for all
    #[arg(long, value_name = "NAMES")]
    models: Option<String>,
    /// When it opens nothing any more, such as 2027-01-31T12:00:00Z, or `none`
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Period {
    Daily,
    Weekly,
    Monthly,
    /// For ever
    None,
}

impl Period {
    fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::None => "none",
        }
    }
}

pub(crate) async fn run(task: KeysTask, environment: &Environment, output: &Output) -> Result<(), Failure> {
    let api = Api::new(environment, &[Secret::Master])?;
    match task {
        KeysTask::List => list(&api, *output).await,
        KeysTask::Create(create) => {
            let mut body = create.fields.body(true)?;
            body.insert("name".to_owned(), create.name.into());
            body.insert("enabled".to_owned(), (!create.disabled).into());
            if let (Some(id), Some(sha256)) = (create.id, create.sha256) {
                body.insert("id".to_owned(), id.into());
                body.insert("keySha256".to_owned(), sha256.into());
            }
            let key = api.call(Method::POST, &["v1", "admin", "keys"], &[], Some(&Value::Object(body))).await?;
            show(&key, *output)
        }
        KeysTask::Show(of) => {
            let key = api.call(Method::GET, &["v1", "admin", "keys", &of.id], &[], None).await?;
            show(&key, *output)
        }
        KeysTask::Update(update) => {
            let mut body = update.fields.body(false)?;
            if let Some(name) = update.name {
                body.insert("name".to_owned(), name.into());
            }
            if body.is_empty() {
                return Err(Failure::Usage("nothing is to be changed: say what, such as --budget 50".to_owned()));
            }
            patch(&api, &update.of.id, &Value::Object(body), *output).await
        }
        KeysTask::Disable(of) => patch(&api, &of.id, &json!({ "enabled": false }), *output).await,
        KeysTask::Enable(of) => patch(&api, &of.id, &json!({ "enabled": true }), *output).await,
        KeysTask::Rotate { of, grace } => {
            let body = grace.map_or_else(|| json!({}), |seconds| json!({ "graceSeconds": seconds }));
            let key = api.call(Method::POST, &["v1", "admin", "keys", &of.id, "rotate"], &[], Some(&body)).await?;
            show(&key, *output)
        }
        KeysTask::Delete { of, yes } => {
            if !yes {
                confirm(&of.id)?;
            }
            api.call(Method::DELETE, &["v1", "admin", "keys", &of.id], &[], None).await?;
            if output.json {
                return output.value(&json!({ "id": of.id, "deleted": true }));
            }
            output.text(&format!("deleted {}", clean(&of.id)))
        }
        KeysTask::Disconnect(of) => {
            let path = ["v1", "admin", "keys", &of.id, "disconnect"];
            let answer = api.call(Method::POST, &path, &[], None).await?;
            if output.json {
                return output.value(&answer);
            }
            output.text(&format!("closed {} connections", plain(&member(&answer, "disconnected"))))
        }
    }
}

impl Fields {
    /// The fields as the server reads them. A key that is made has nothing to be taken away.
    fn body(&self, is_creation: bool) -> Result<Map<String, Value>, Failure> {
        let mut body = Map::new();
        let mut set = |name: &str, value: Value| {
            if !(is_creation && value.is_null()) {
                body.insert(name.to_owned(), value);
            }
        };
        if let Some(limit) = &self.budget {
            let budget = json!({ "limit": limit, "period": self.period.name() });
            set("budget", if limit == "none" { Value::Null } else { budget });
        }
        let mut limits = Map::new();
        for (option, name, value) in [
            ("--max-connections", "connections", &self.max_connections),
            ("--invocations-per-minute", "invocationsPerMinute", &self.invocations_per_minute),
            ("--realtime-sessions", "realtimeSessions", &self.realtime_sessions),
        ] {
            let Some(text) = value else { continue };
            let number = number_or_none(text)
                .ok_or_else(|| Failure::Usage(format!("{option} is \"{text}\": it must be a whole number, or none")))?;
            if !(is_creation && number.is_null()) {
                limits.insert(name.to_owned(), number);
            }
        }
        if !limits.is_empty() {
            set("limits", Value::Object(limits));
        }
        if let Some(realtime) = self.realtime {
            set("realtime", realtime.into());
        }
        if let Some(models) = &self.models {
            let names: Vec<_> = models.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
            set("allowedModels", if models == "none" { Value::Null } else { json!(names) });
        }
        if let Some(time) = &self.expires_at {
            set("expiresAt", if time == "none" { Value::Null } else { json!(time) });
        }
        Ok(body)
    }
}

fn number_or_none(text: &str) -> Option<Value> {
    if text == "none" { Some(Value::Null) } else { text.parse::<u64>().ok().map(Value::from) }
}

async fn list(api: &Api<'_>, output: Output) -> Result<(), Failure> {
    let mut keys = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let mut query = vec![("limit", "1000")];
        query.extend(after.iter().map(|after| ("after", after.as_str())));
        let page = api.call(Method::GET, &["v1", "admin", "keys"], &query, None).await?;
        keys.extend(page.get("items").and_then(Value::as_array).cloned().unwrap_or_default());
        after = page.get("next").and_then(Value::as_str).map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    if output.json {
        return output.value(&json!({ "items": keys }));
    }
    if keys.is_empty() {
        return output.text("there are no keys yet: conduit keys create NAME makes one");
    }
    let rows: Vec<_> = keys.iter().map(row).collect();
    output.text(&table(&["ID", "NAME", "OPENS", "BUDGET", "CREATED"], &rows))
}

fn row(key: &Value) -> Vec<String> {
    let opens = if member(key, "enabled") == Value::Bool(true) { "yes" } else { "no" };
    let cells = [member(key, "id"), member(key, "name"), opens.into(), budget(key).into(), member(key, "createdAt")];
    cells.iter().map(plain).collect()
}

fn budget(key: &Value) -> String {
    let budget = member(key, "budget");
    match budget.get("limit") {
        None => "-".to_owned(),
        Some(limit) => match member(&budget, "period").as_str() {
            Some("none") | None => plain(limit),
            Some(period) => format!("{} {period}", plain(limit)),
        },
    }
}

fn member(value: &Value, name: &str) -> Value {
    value.get(name).cloned().unwrap_or_default()
}

async fn patch(api: &Api<'_>, id: &str, body: &Value, output: Output) -> Result<(), Failure> {
    let key = api.call(Method::PATCH, &["v1", "admin", "keys", id], &[], Some(body)).await?;
    show(&key, output)
}

fn show(key: &Value, output: Output) -> Result<(), Failure> {
    if output.json {
        return output.value(key);
    }
    let mut lines = Vec::new();
    for (name, value) in key.as_object().into_iter().flatten() {
        let is_empty = value.as_object().is_some_and(Map::is_empty);
        if name != "key" && !is_empty {
            let shown = if name == "budget" { budget(key) } else { plain(value) };
            lines.push(format!("{QUIET}{name:<16}{QUIET:#} {shown}"));
        }
    }
    if let Some(secret) = key.get("key").and_then(Value::as_str) {
        lines.push(format!("{QUIET}{:<16}{QUIET:#} {NAME}{}{NAME:#}", "key", clean(secret)));
        lines.push(format!("{WARNING}The key is not shown again: keep it now.{WARNING:#}"));
    }
    output.text(&lines.join("\n"))
}

fn confirm(id: &str) -> Result<(), Failure> {
    let mut terminal = std::io::stderr();
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Usage("deleting is for good: say --yes where nobody can be asked".to_owned()));
    }
    write!(terminal, "Delete key {} and all its data? [y/N] ", clean(id))?;
    terminal.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if answer.trim().eq_ignore_ascii_case("y") { Ok(()) } else { Err(Failure::Other("nothing was deleted".to_owned())) }
}
