//! The command line: what can be asked for, one file per command.

mod article;
mod backup;
mod completions;
mod config;
mod consent;
mod demo;
mod doctor;
mod edition;
mod feedback;
mod handed;
mod healthcheck;
mod logging;
mod man;
mod migrate;
mod newsletter;
mod output;
mod progress;
mod reference;
mod rejects;
mod schedule;
mod serve;
mod source;
mod start;
mod subscriber;
mod suppression;
mod token;
#[cfg(feature = "otel")]
mod traces;
mod user;
mod waiting;
mod webhook;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use self::output::{Output, OutputError, printable};
use self::start::Place;
use crate::config::{Config, FlagValue, Flags};

/// Who does what is done here, for the log of deeds.
const ACTOR: &str = "command line";

/// A newsletter delivery backend: it writes only to who asked, loses nobody and follows nobody.
#[derive(Parser)]
#[command(name = "postduif", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Args)]
struct Global {
    /// The TOML file with settings [default: ./postduif.toml, else /etc/postduif/postduif.toml]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    config: Option<std::path::PathBuf>,
    /// Set one setting, over file and environment; may be repeated
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = pair, help_heading = "Global options")]
    set: Vec<(String, String)>,
    /// The database: sqlite:PATH or postgres://…
    #[arg(long, global = true, value_name = "URL", help_heading = "Global options")]
    database_url: Option<String>,
    /// Answer with JSON on standard output, a list as one object a line
    #[arg(long, global = true, help_heading = "Global options")]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Serve(serve::Arguments),
    Migrate(migrate::Arguments),
    Config(config::Arguments),
    /// Check DNS, TLS, SMTP, clock, database, backup, sources and schedule, and say what to do
    Doctor,
    Backup(backup::Arguments),
    Restore(backup::RestoreArguments),
    Completions(completions::Arguments),
    /// Make, show and change newsletters
    #[command(subcommand)]
    Newsletter(newsletter::Command),
    /// Where articles come from
    #[command(subcommand)]
    Source(source::Command),
    /// What there is to write about
    #[command(subcommand)]
    Article(article::Command),
    Schedule(schedule::Arguments),
    /// Make editions, look at them, and let them go out
    #[command(subcommand)]
    Edition(edition::Command),
    /// People: look up, add, let go, forget, take along
    #[command(subcommand)]
    Subscriber(subscriber::Command),
    /// Addresses that must not be mailed
    #[command(subcommand)]
    Suppression(suppression::Command),
    /// The evidence that people asked for the newsletter
    #[command(subcommand)]
    Consent(consent::Command),
    /// What comes back by mail: bounces, complaints, wishes to leave
    #[command(subcommand)]
    Feedback(feedback::Command),
    /// Keys for programs that use the API
    #[command(subcommand)]
    Token(token::Command),
    /// Other programs that are told what happens
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// Who may sign in to the editor's desk
    #[command(subcommand)]
    User(user::Command),
    Man(man::Arguments),
    #[command(hide = true)]
    Reference(reference::Arguments),
    #[command(hide = true)]
    Healthcheck(healthcheck::Arguments),
}

/// Does what the command line of this process asks for: 0 done, 1 failed, 2 misused.
pub fn run() -> ExitCode {
    let Cli { global, command } = Cli::parse();
    let output = Output::new(global.json);
    let outcome = command.run(&global, &output);
    logging::finish();
    match outcome {
        Ok(code) => code,
        Err(error) if error.downcast_ref().is_some_and(OutputError::is_nobody_there) => ExitCode::SUCCESS,
        Err(error) => match error.downcast_ref::<clap::Error>() {
            Some(misuse) => {
                eprint!("{misuse}");
                ExitCode::from(MISUSED)
            }
            None => {
                eprintln!("postduif: {}", printable(&sentence(&error)));
                ExitCode::FAILURE
            }
        },
    }
}

/// The exit code of a command line that cannot be meant, as the parser's own.
const MISUSED: u8 = 2;

/// What was asked for contradicts itself in a way that the parser does not see.
fn misused(what: &str) -> anyhow::Error {
    Cli::command().error(ErrorKind::ArgumentConflict, what).into()
}

impl Command {
    fn run(self, global: &Global, output: &Output) -> anyhow::Result<ExitCode> {
        let place = if self.begins() { Place::MayBeNew } else { Place::MustBeThere };
        match self {
            Self::Demo(arguments) => demo::run(global, &arguments, output)?,
            Self::Serve(arguments) => {
                let config = global.load(arguments.listen.as_deref())?;
                start::block_on(serve::run(config, &arguments))?;
            }
            Self::Migrate(arguments) => start::block_on(migrate::run(arguments, global.load(None)?, output))?,
            Self::Reference(arguments) => reference::run(&arguments, output)?,
            Self::Doctor => return start::in_house(global, place, async |house| doctor::run(house, output).await),
            Self::Backup(arguments) => {
                start::in_house(global, place, async |house| backup::run(&arguments, house, output).await)?;
            }
            Self::Restore(arguments) => {
                start::block_on(backup::run_restore(&arguments, &global.load(None)?, output))?;
            }
            Self::Newsletter(command) => {
                start::in_house(global, place, async |house| newsletter::run(command, house, output).await)?
            }
            Self::Source(source::Command::Check(check)) => {
                start::block_on(source::check(&check, &global.load(None)?, output))?;
            }
            Self::Source(command) => {
                start::in_house(global, place, async |house| source::run(command, house, output).await)?
            }
            Self::Feedback(command) => return feedback::run(&command, global, output),
            Self::Article(command) => {
                start::in_house(global, place, async |house| article::run(command, house, output).await)?
            }
            Self::Schedule(arguments) => {
                start::in_house(global, place, async |house| schedule::run(&arguments, house, output).await)?
            }
            Self::Edition(command) => {
                start::in_house(global, place, async |house| edition::run(command, house, output).await)?
            }
            Self::Subscriber(command) => {
                start::in_house(global, place, async |house| subscriber::run(command, house, output).await)?
            }
            Self::Suppression(command) => {
                start::in_house(global, place, async |house| suppression::run(command, house, output).await)?
            }
            Self::Consent(command) => {
                start::in_house(global, place, async |house| consent::run(command, house, output).await)?
            }
            Self::Token(command) => {
                start::in_house(global, place, async |house| token::run(command, house, output).await)?
            }
            Self::Webhook(command) => {
                start::in_house(global, place, async |house| webhook::run(command, house, output).await)?
            }
            Self::User(command) => {
                start::in_house(global, place, async |house| user::run(command, house, output).await)?
            }
            Self::Config(arguments) => return config::run(&arguments, global, output),
            Self::Completions(arguments) => completions::run(&arguments, output)?,
            Self::Man(arguments) => man::run(&arguments, output)?,
            Self::Healthcheck(arguments) => healthcheck::run(&global.load(arguments.listen.as_deref())?)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Whether it makes sense where there is no database yet. All others would tell of an empty house, and leave a
    /// database and a key behind that nobody wanted: most likely they were called in another folder.
    const fn begins(&self) -> bool {
        matches!(
            self,
            Self::Newsletter(newsletter::Command::Create(_))
                | Self::Subscriber(subscriber::Command::Import(_))
                | Self::Suppression(suppression::Command::Add { .. } | suppression::Command::Import(_))
                | Self::Token(token::Command::Create { .. })
                | Self::Webhook(webhook::Command::Add { .. })
                | Self::User(user::Command::Add { .. })
        )
    }
}

impl Global {
    /// The settings of this process, and its log as they want it.
    fn load(&self, listen: Option<&str>) -> anyhow::Result<Config> {
        let config = self.settings(listen)?;
        logging::start(&config)?;
        Ok(config)
    }

    fn settings(&self, listen: Option<&str>) -> anyhow::Result<Config> {
        let value = |flag: &str, key: &str, value: &str| FlagValue {
            flag: flag.to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let mut values: Vec<FlagValue> =
            self.set.iter().map(|(key, text)| value(&format!("--set {key}"), key, text)).collect();
        values.extend(self.database_url.iter().map(|url| value("--database-url", "database_url", url)));
        values.extend(listen.map(|listen| value("--listen", "listen", listen)));
        Ok(Config::load(&Flags { file: self.config.clone(), values })?)
    }
}

/// The error and its causes in one line; a cause that an error repeats in its own words is said once.
fn sentence(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if said.is_empty() {
            said = cause;
        } else if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, such as smtp_connections=4")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
