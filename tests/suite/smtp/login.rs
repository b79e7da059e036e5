//! Logging in: the three ways, and never in clear to somebody elsewhere.

use std::path::Path;

use postduif::domain::reply::{Stage, Verdict};
use postduif::mail::smtp::{Relay, Timeouts, Tls};

use super::{HASTE, relay_to, server};
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::{Fault, Script, Step, When};

fn with_user(double: &SmtpDouble, who: &str, settings: &str) -> String {
    double.url(settings).replace("smtp://", &format!("smtp://{who}@"))
}

fn wanting(password: &'static str, offers: &[&'static str]) -> Script {
    Script { password: Some(password), ..Script::offering(offers) }
}

#[tokio::test]
async fn plain_login_and_lower_case_keywords_are_understood() {
    for offer in ["AUTH PLAIN LOGIN", "auth plain", "AUTH LOGIN", "AUTH=LOGIN"] {
        let double = SmtpDouble::start(wanting("g3heim,/?", &[offer]));
        let url = with_user(&double, "jan:g3heim%2C%2F%3F", "tls=opportunistic");
        relay_to(&url, Tls::trusting([])).open().await.unwrap_or_else(|error| panic!("{offer}: {error}"));
    }
}

#[tokio::test]
async fn a_login_that_fails_stops_the_transport_and_shows_no_password() {
    let double = SmtpDouble::start(wanting("other", &["AUTH PLAIN"]));
    let relay = relay_to(&with_user(&double, "jan:g3heim", ""), Tls::trusting([]));
    let error = relay.open().await.expect_err("the password is wrong");
    assert_eq!((error.stage(), error.verdict()), (Stage::Auth, Verdict::Transport));
    assert!(!format!("{error} {error:?}").contains("g3heim"));
    let double = SmtpDouble::start(wanting("g3heim", &["AUTH CRAM-MD5"]));
    let error = relay_to(&with_user(&double, "jan:g3heim", ""), Tls::trusting([])).open().await.expect_err("unknown");
    assert_eq!((error.stage(), error.verdict()), (Stage::Auth, Verdict::Transport));
    assert_eq!(double.seen().commands.len(), 1, "nothing is said to a server that speaks no common tongue");
}

#[tokio::test]
async fn a_login_that_fails_for_now_is_tried_again_later() {
    for (fault, verdict) in [
        (Fault::Says("454 4.7.0 later"), Verdict::Server),
        (Fault::Says("421 busy"), Verdict::Server),
        (Fault::Drops, Verdict::Server),
        (Fault::Stalls, Verdict::Server),
        (Fault::Says("535 5.7.8 no"), Verdict::Transport),
    ] {
        let double = SmtpDouble::start(wanting("g3heim", &["AUTH PLAIN"]).with(Step::Auth, fault, When::Always));
        let server = server(&with_user(&double, "jan:g3heim", ""));
        let relay = Relay::new(server, "news.example", Timeouts::all(HASTE), Tls::trusting([]));
        let error = relay.open().await.expect_err("it fails");
        assert_eq!((error.stage(), error.verdict()), (Stage::Auth, verdict), "{fault:?}");
    }
}

#[tokio::test]
async fn a_password_is_said_only_behind_verified_encryption() {
    let double = SmtpDouble::start(wanting("g3heim", &["STARTTLS", "AUTH PLAIN"]));
    let url = with_user(&double, "jan:g3heim", "tls=required");
    assert!(relay_to(&url, Tls::trusting([])).open().await.is_err());
    assert!(!double.seen().commands.iter().any(|command| command.starts_with("AUTH")));
    relay_to(&url, Tls::trusting([double.certificate()])).open().await.expect("it opens");
    assert!(double.seen().commands.iter().any(|command| command.starts_with("AUTH")));
    assert!(!double.seen().commands.contains(&"(in clear)".to_owned()));
}

/// A command that prints `token` and leaves a line in `runs`.
fn token_command(runs: &Path, token: &str) -> String {
    format!("auth=xoauth2&token-command=echo run >>{}; echo {token}", runs.display())
}

fn count(runs: &Path) -> usize {
    std::fs::read_to_string(runs).expect("the command ran").lines().count()
}

#[tokio::test]
async fn a_token_comes_from_a_command_that_runs_once_for_many_connections() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let runs = folder.path().join("runs");
    let double = SmtpDouble::start(wanting("t0ken", &["AUTH XOAUTH2"]));
    let relay = relay_to(&with_user(&double, "jan", &token_command(&runs, "t0ken")), Tls::trusting([]));
    for _ in 0..3 {
        relay.open().await.expect("it opens");
    }
    assert_eq!(count(&runs), 1);
}

#[tokio::test]
async fn a_token_that_has_ended_before_its_time_is_replaced_once() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let runs = folder.path().join("runs");
    let refusal = Fault::Says("535 5.7.8 your token has ended");
    let double = SmtpDouble::start(wanting("t0ken", &["AUTH XOAUTH2"]).with(Step::Auth, refusal, When::Every(2)));
    let relay = relay_to(&with_user(&double, "jan", &token_command(&runs, "t0ken")), Tls::trusting([]));
    relay.open().await.expect("it opens with the first token");
    relay.open().await.expect("it opens with the second token");
    assert_eq!((count(&runs), double.seen().connections), (2, 3));
}

#[tokio::test]
async fn a_wrong_token_stops_the_transport_and_no_token_only_waits() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let runs = folder.path().join("runs");
    let double = SmtpDouble::start(wanting("right", &["AUTH XOAUTH2"]));
    let relay = relay_to(&with_user(&double, "jan", &token_command(&runs, "wrong")), Tls::trusting([]));
    let error = relay.open().await.expect_err("the token is wrong");
    assert_eq!((error.stage(), error.verdict()), (Stage::Auth, Verdict::Transport));
    assert_eq!((count(&runs), double.seen().connections), (1, 1), "the same command would print the same again");
    for (command, why) in [("exit 3", "failed"), ("true", "printed no token"), ("printf 'a b'", "printed no token")] {
        let settings = format!("auth=xoauth2&token-command={command}");
        let relay = relay_to(&with_user(&double, "jan", &settings), Tls::trusting([]));
        let error = relay.open().await.expect_err("there is no token");
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(error.verdict(), Verdict::Server, "an identity provider may be back soon");
    }
    assert!(double.seen().violations.is_empty());
}
