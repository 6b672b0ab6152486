//! `docs/cli.md`, made of the help texts.

use clap::{Command, CommandFactory};

use crate::arguments::Arguments;

/// The width of the help on the page.
const WIDTH: usize = 100;

const HEAD: &str = "\
<!-- Generated from the help texts in tools/conduit by `node scripts/cli-page.mjs`: change those, not this page. -->

# The command line

`conduit` manages keys, sends events, shows what happens live, checks a deployment and puts load on it. Build it with
`cargo build --release -p conduit-cli`, which makes `target/release/conduit`.

```sh
export CONDUIT_URL=http://127.0.0.1:8787 CONDUIT_MASTER_KEY=…   # npm start prints both
conduit doctor
conduit keys create demo
export CONDUIT_KEY=…                                            # what it has just shown
conduit listen --hub tasks
```

Keys are read from the environment alone: what stands on a command line, other programs can see. They are never printed,
except that of a new key, once.

With `--json` every command prints JSON: `listen` one event a line, `send` one line for each event and a summary, the others
one value. What goes wrong is on the standard error then, as `{\"error\":{\"kind\",\"message\",\"exitCode\"}}`. Colour is used on
terminals only, and not where `NO_COLOR` is set.

";

/// The page.
pub(crate) fn page() -> String {
    let mut command = Arguments::command().term_width(WIDTH);
    command.build();
    let mut page = HEAD.to_owned();
    page.push_str("```text\n");
    page.push_str(&help(&command));
    page.push_str("```\n");
    for task in command.get_subcommands().filter(|task| is_shown(task)) {
        section(task, &[], &mut page);
    }
    page
}

fn section(command: &Command, above: &[&str], page: &mut String) {
    let path = [above, &[command.get_name()]].concat();
    let level = "#".repeat(path.len() + 1);
    let name = path.join(" ");
    page.extend(["\n", &level, " conduit ", &name, "\n\n```text\n", &help(command), "```\n"]);
    for task in command.get_subcommands().filter(|task| is_shown(task)) {
        section(task, &path, page);
    }
}

fn is_shown(command: &Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}

/// The help without spaces at the ends of lines, and what is the same everywhere said once.
fn help(command: &Command) -> String {
    let mut command = command.clone().term_width(WIDTH);
    let text = command.render_long_help().to_string();
    let is_root = command.get_name() == "conduit";
    let own = if is_root { text.as_str() } else { text.split("\nGlobal options:").next().unwrap_or_default() };
    let rest = text.split("\nGlobal options:").nth(1).filter(|_| !is_root).unwrap_or_default();
    // What follows the options is set apart by a blank line and begins at the margin.
    let after = rest
        .split("\n\n")
        .skip_while(|part| part.starts_with(' ') || part.starts_with('\n'))
        .collect::<Vec<_>>()
        .join("\n\n");
    let whole = if after.is_empty() { own.to_owned() } else { format!("{own}\n{after}") };
    let lines: Vec<_> = whole.trim().lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n"))
}
