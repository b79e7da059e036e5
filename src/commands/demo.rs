//! `postduif demo`: a complete sample newsletter with nothing to configure, and a walk through it.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::output::Output;
use super::{ACTOR, Global, logging, start};
use crate::app::{self, Parts, Signals};
use crate::clock::Clock;
use crate::config::{Config, TemporaryFolder, program, variables};
use crate::domain::role::Role;
use crate::flows::demo::{self, Demo, Feed, NEWSLETTER};
use crate::flows::first_start;
use crate::flows::tokens::{self, NewToken};
use crate::mail::inbound::Listener;
use crate::mail::mailbox::Mailbox;

/// Try everything with a sample newsletter: no settings, and no mail leaves this machine
#[derive(Args)]
pub struct Arguments {
    /// Address and port for HTTP
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
}

pub fn run(global: &Global, arguments: &Arguments, output: &Output) -> anyhow::Result<()> {
    if global.config.is_some() || global.database_url.is_some() || !global.set.is_empty() {
        bail!("the demo takes no settings but --listen; for a newsletter of your own use `postduif serve`");
    }
    start::block_on(show(arguments, output))
}

async fn show(arguments: &Arguments, output: &Output) -> anyhow::Result<()> {
    let clock = Clock::system();
    let folder = TemporaryFolder::new("postduif-demo", &clock).context("no temporary folder can be made")?;
    let mail = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port is free for the demo's mailbox")?;
    let mail_address = mail.local_addr().context("the demo's mailbox has no address")?;
    let database_url = format!("sqlite:{}", folder.path().join("postduif.db").display());
    let smtp_url = format!("smtp://{mail_address}?tls=none");
    let settings = [
        ("listen", arguments.listen.as_str()),
        ("database_url", &database_url),
        ("smtp_url", &smtp_url),
        ("bounce_address", "bounces@example.nl"),
        ("offline", "true"),
        ("log", "warn"),
    ];
    let config = Config::from_values(&settings)?;
    logging::start(&config)?;

    let mailbox = {
        let clock = clock.clone();
        Mailbox::new(move || clock.now())
    };
    let (closing, closed) = oneshot::channel::<()>();
    let receiving = tokio::spawn(Listener::new("mailbox.example").serve(mail, mailbox.clone(), async {
        let _ = closed.await;
    }));
    let mut house = app::build(config, clock.clone()).await?;
    demo::furnish(&mut house, mail_address).await?;
    house.demo = Some(Arc::new(Demo { mailbox, feed: Feed::at(clock.now()) }));
    let running = app::serve(house, Parts::All).await?;
    let house = running.house.clone();
    let address = running.address.context("the demo serves HTTP")?;
    demo::collect(&house, address).await?;

    let desk = first_start::invite(&house).await?;
    let new = NewToken { name: "demo", role: Role::Admin, scopes: &[], expires_at: None, actor: ACTOR };
    let (token, _) = tokens::create(&house, new).await?;
    let public_url = house.config.public_url.as_str().to_owned();
    let file = folder.path().join("postduif.toml");
    let address_text = address.to_string();
    let bound = [("listen", address_text.as_str()), ("public_url", &public_url)];
    let kept = settings.iter().filter(|(key, _)| *key != "listen").chain(&bound);
    std::fs::write(&file, kept.map(|(key, value)| toml_line(key, value)).collect::<String>())
        .context("the demo's settings cannot be written down")?;

    let signals = Signals::heard()?;
    let walk = Walk { url: public_url.trim_end_matches('/').to_owned(), command: command(&file), token, desk };
    output.one(&walk, || walk.text())?;
    if !address.ip().is_loopback() {
        eprintln!("Anybody who can reach {address} can read the demo's mailbox and follow every link in it.");
    }
    running.until_told(signals).await;
    let _ = closing.send(());
    let _ = receiving.await;
    Ok(())
}

/// How a command against the demo begins. A variable goes over its settings file, and might lead the command to real
/// readers.
fn command(file: &Path) -> String {
    let stray = variables();
    let without: String = stray.iter().map(|name| format!("-u {name} ")).collect();
    let env = if stray.is_empty() { "" } else { "env " };
    format!("{env}{without}{} --config {}", program(), file.display())
}

/// A setting as the settings file has it: what JSON writes as a text, TOML reads as one.
fn toml_line(key: &str, value: &str) -> String {
    format!("{key} = {}\n", serde_json::Value::from(value))
}

/// What there is to try, and how.
#[derive(serde::Serialize)]
struct Walk {
    url: String,
    /// Begins every command against the demo.
    command: String,
    token: String,
    /// The way to the editor's desk, for whoever takes it first.
    desk: Option<String>,
}

impl Walk {
    fn text(&self) -> String {
        let Self { url, command, token, desk } = self;
        let desk = desk.as_deref().unwrap_or_default();
        format!(
            "\
A sample newsletter is ready. Nothing leaves this machine: all mail ends in the demo's own mailbox.

1. Look at the newsletter, its archive and the sign-up form:
     {url}/n/{NEWSLETTER}
2. Sign up there with an address of your invention, such as you@council.example.
3. Open the mailbox, and the mail that asks you to confirm:
     {url}/demo/mailbox
4. Follow its link and press the button. Only now are you a reader; a second mail welcomes you.
5. Let the next edition make itself from the 14 articles of the sample feed (in a second terminal):
     {command} edition assemble {NEWSLETTER}
6. See whether anything is wrong with it, and approve it:
     {command} edition preflight 2
     {command} edition approve 2
7. Send it, and watch every recipient come to an end:
     {command} edition send 2 --wait
8. Look in the mailbox again: everybody got a mail of their own.
     {url}/demo/mailbox
9. Unsubscribe with the link at the bottom of yours. The past edition shows what else may happen:
     {command} edition report 1

10. Open the editor's desk within 30 minutes, and choose a password for it:
     {desk}

The API answers to this token:
     curl -H 'Authorization: Bearer {token}' {url}/api/v1/editions

Ctrl-C stops the demo and removes everything."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_fits_a_terminal_but_for_what_is_copied_from_it() {
        let walk = Walk {
            url: "http://127.0.0.1:8080".into(),
            command: "postduif".into(),
            token: "pd_live_x".into(),
            desk: None,
        };
        for line in walk.text().lines().filter(|line| !line.starts_with("     ")) {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}
