//! `conduit`: the command line of Conduit Edge.
//!
//! | part | what it does |
//! |---|---|
//! | [`keys`], [`send`], [`listen`], [`doctor`], [`bench`] | the commands |
//! | [`arguments`], [`environment`] | what the program is told, and where it finds keys |
//! | [`api`] | requests to a deployment |
//! | [`failure`] | what goes wrong, and the exit code that says so |
//! | [`output`] | what is printed, for people and for programs |
//! | [`reference`] | the page in `docs/` that is made of all this |
#![forbid(unsafe_code)]
#![allow(clippy::doc_markdown, reason = "most of them are help texts, which a terminal shows as they are")]

mod api;
mod arguments;
mod bench;
mod doctor;
mod environment;
mod failure;
mod keys;
mod listen;
mod output;
mod reference;
mod send;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::arguments::{Arguments, Task};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Output;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::new(arguments.common.json, arguments.common.color);
    match run(arguments, &output).await {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read what we write has read enough.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            failure.exit_code().into()
        }
    }
}

async fn run(arguments: Arguments, output: &Output) -> Result<(), Failure> {
    let environment = Environment::read(&arguments.common)?;
    match arguments.task {
        Task::Keys(task) => keys::run(task, &environment, output).await,
        Task::Send(task) => send::run(task, &environment, output).await,
        Task::Listen(task) => listen::run(task, &environment, output).await,
        Task::Doctor(task) => doctor::run(&task, &environment, output).await,
        Task::Bench(task) => bench::run(task, &environment, output).await,
        Task::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "conduit", &mut script);
            output.text(String::from_utf8_lossy(&script).trim_end())
        }
        Task::Reference => output.text(reference::page().trim_end()),
    }
}
