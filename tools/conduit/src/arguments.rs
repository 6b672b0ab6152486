//! What the program is told on its command line.

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::bench::BenchTask;
use crate::doctor::DoctorTask;
use crate::failure;
use crate::keys::KeysTask;
use crate::listen::ListenTask;
use crate::send::SendTask;

/// Manage keys, send events, watch what happens live, and check a deployment of Conduit Edge.
///
/// Keys are read from the environment and never from the command line, where other programs could see them:
/// CONDUIT_MASTER_KEY for what operators do, CONDUIT_KEY (a virtual key) for what clients do, CONDUIT_TOKEN (a service
/// token) for sending events. CONDUIT_URL says where Conduit Edge is.
#[derive(Debug, Parser)]
#[command(name = "conduit", version, max_term_width = 100, after_long_help = failure::EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Common {
    /// Where Conduit Edge is
    #[arg(long, global = true, env = "CONDUIT_URL", default_value = "http://127.0.0.1:8787", value_name = "URL")]
    pub(crate) url: String,
    /// Print JSON for programs: one value, or one a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, global = true, default_value = "auto", value_name = "WHEN")]
    pub(crate) color: ColorWhen,
    /// How long an answer may take, in seconds
    #[arg(long, global = true, default_value = "15", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) timeout: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Make, list, change and end virtual keys (needs CONDUIT_MASTER_KEY)
    #[command(subcommand)]
    Keys(KeysTask),
    /// Send events: one by its parts, or many from a file or a pipe
    Send(SendTask),
    /// Show what a hub tells, live
    Listen(ListenTask),
    /// Check a deployment end to end, and say what is wrong and what to do
    Doctor(DoctorTask),
    /// Put load on a deployment: delivery times, and whether everything arrived once and in order
    Bench(BenchTask),
    /// Print a script that completes this program's commands in a shell
    #[command(after_help = "Example:\n  conduit completions bash > ~/.local/share/bash-completion/completions/conduit")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print docs/cli.md
    #[command(hide = true)]
    Reference,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_declarations_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn no_secret_can_be_said_on_the_command_line() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                assert!(!["key", "master_key", "token", "secret"].contains(&name), "{}: {name}", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }
}
