//! `postduif completions`: what makes a shell complete our commands.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use serde_json::json;

use super::Cli;
use super::output::Output;

/// Print the completions for a shell: source them, or put them where your shell looks
#[derive(Args)]
pub struct Arguments {
    /// bash, elvish, fish, powershell or zsh
    shell: Shell,
}

pub fn run(arguments: &Arguments, output: &Output) -> anyhow::Result<()> {
    // Into memory first: the generator panics when nobody reads its output.
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "postduif", &mut text);
    if output.is_json() {
        return Ok(output.json(&json!({ "text": String::from_utf8_lossy(&text) }))?);
    }
    Ok(output.raw(&text)?)
}
