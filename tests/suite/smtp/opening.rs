//! Greeting and encryption: whom we believe, and what we make of a bad beginning.

use postduif::domain::reply::{Stage, Verdict};
use postduif::mail::smtp::{Outcome, Relay, Timeouts, Tls};

use super::{MESSAGE, PATIENCE, address, hasty_relay, open, relay, relay_to, server, to};
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::{Fault, Script, Step, When};

#[tokio::test]
async fn a_bad_beginning_is_about_the_server_or_our_access_to_it() {
    let cases = [
        (Step::Connect, Fault::Says("421 too busy"), Stage::Connect, Verdict::Server),
        (Step::Connect, Fault::Says("450 later"), Stage::Connect, Verdict::Server),
        (Step::Connect, Fault::Says("554-no SMTP\r\n554 service here"), Stage::Connect, Verdict::Server),
        (Step::Connect, Fault::Drops, Stage::Connect, Verdict::Server),
        (Step::Connect, Fault::Stalls, Stage::Connect, Verdict::Server),
        (Step::Connect, Fault::Drips, Stage::Connect, Verdict::Server),
        (Step::Connect, Fault::Garbles, Stage::Connect, Verdict::Server),
        (Step::Connect, Fault::NeverEnds, Stage::Connect, Verdict::Server),
        (Step::Ehlo, Fault::Says("421 too busy"), Stage::Ehlo, Verdict::Server),
        (Step::Ehlo, Fault::Says("451 later"), Stage::Ehlo, Verdict::Server),
        (Step::Ehlo, Fault::Says("550 5.7.1 not you"), Stage::Ehlo, Verdict::Transport),
        (Step::Ehlo, Fault::Drops, Stage::Ehlo, Verdict::Server),
        (Step::Ehlo, Fault::Stalls, Stage::Ehlo, Verdict::Server),
        (Step::Ehlo, Fault::Drips, Stage::Ehlo, Verdict::Server),
        (Step::Ehlo, Fault::Garbles, Stage::Ehlo, Verdict::Server),
        (Step::Ehlo, Fault::NeverEnds, Stage::Ehlo, Verdict::Server),
        (Step::StartTls, Fault::Says("421 too busy"), Stage::StartTls, Verdict::Server),
        (Step::StartTls, Fault::Says("454 4.7.0 not now"), Stage::StartTls, Verdict::Server),
        (Step::StartTls, Fault::Says("502 never"), Stage::StartTls, Verdict::Transport),
        (Step::StartTls, Fault::Drops, Stage::StartTls, Verdict::Server),
        (Step::StartTls, Fault::Stalls, Stage::StartTls, Verdict::Server),
        (Step::StartTls, Fault::Injects, Stage::StartTls, Verdict::Transport),
        (Step::Handshake, Fault::Drops, Stage::StartTls, Verdict::Server),
        (Step::Handshake, Fault::Stalls, Stage::StartTls, Verdict::Server),
        (Step::Handshake, Fault::Garbles, Stage::StartTls, Verdict::Server),
    ];
    futures_util::future::join_all(cases.map(|(step, fault, stage, verdict)| async move {
        let double = SmtpDouble::start(Script::offering(&["STARTTLS"]).with(step, fault, When::Always));
        let error = hasty_relay(&double, "tls=required").open().await.expect_err("there is nothing to talk to");
        assert_eq!((error.stage(), error.verdict()), (stage, verdict), "{fault:?} at {step:?}: {error}");
        assert!(!double.seen().commands.iter().any(|command| command.starts_with("MAIL")));
    }))
    .await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_waited_for() {
    let double = SmtpDouble::start(Script::default());
    let gone = double.url("tls=none");
    drop(double);
    let error = loop {
        // The port is closed as soon as the double's thread has noticed.
        if let Err(error) = relay_to(&gone, Tls::trusting([])).open().await {
            break error;
        }
    };
    assert_eq!((error.stage(), error.verdict()), (Stage::Connect, Verdict::Server));
    let nowhere = relay_to("smtp://no-such-host.invalid:25", Tls::trusting([])).open().await;
    assert_eq!(nowhere.expect_err("it does not exist").verdict(), Verdict::Server);
}

#[tokio::test]
async fn what_must_be_encrypted_is_encrypted_and_the_other_side_proves_who_it_is() {
    let recipient = address("ada@example.org");
    for implicit_tls in [false, true] {
        let offers: &[&str] = if implicit_tls { &["pipelining"] } else { &["starttls", "pipelining"] };
        let double = SmtpDouble::start(Script { implicit_tls, ..Script::offering(offers) });
        let url = match implicit_tls {
            true => double.url("").replace("smtp:", "smtps:"),
            false => double.url("tls=required"),
        };
        let stranger = relay_to(&url, Tls::trusting([])).open().await.expect_err("nobody vouches for it");
        assert_eq!(stranger.verdict(), Verdict::Transport, "{stranger}");
        assert!(stranger.to_string().contains("certificate"), "{stranger}");
        let mut connection = relay_to(&url, Tls::trusting([double.certificate()])).open().await.expect("it opens");
        assert!(connection.is_encrypted());
        assert!(matches!(connection.deliver(&to(&recipient), MESSAGE).await, Outcome::Accepted(_)));
        connection.quit().await;
        assert!(double.seen().messages[0].encrypted);
    }
}

#[tokio::test]
async fn a_server_without_encryption_gets_nothing_that_must_be_encrypted() {
    let double = SmtpDouble::start(Script::offering(&["AUTH PLAIN"]));
    let error = relay(&double, "tls=required").open().await.expect_err("it offers none");
    assert_eq!((error.stage(), error.verdict()), (Stage::StartTls, Verdict::Transport));
    assert_eq!(double.seen().commands, ["EHLO news.example"]);
}

#[tokio::test]
async fn where_encryption_is_only_welcome_whatever_works_is_used() {
    let recipient = address("ada@example.org");
    for (trouble, encrypted) in [
        (None, true),
        (Some((Step::StartTls, Fault::Says("454 4.7.0 not now"))), false),
        (Some((Step::Handshake, Fault::Drops)), false),
        (Some((Step::Handshake, Fault::Garbles)), false),
    ] {
        let script = Script::offering(&["STARTTLS"]);
        let script = trouble.into_iter().fold(script, |script, (step, fault)| script.with(step, fault, When::Always));
        let double = SmtpDouble::start(script);
        // Nobody vouches for it, and nobody needs to.
        let relay = relay_to(&double.url("tls=opportunistic"), Tls::trusting([]));
        let mut connection = relay.open().await.expect("it opens");
        assert!(matches!(connection.deliver(&to(&recipient), MESSAGE).await, Outcome::Accepted(_)), "{trouble:?}");
        assert_eq!(double.seen().messages[0].encrypted, encrypted, "{trouble:?}");
    }
}

#[tokio::test]
async fn we_introduce_ourselves_with_a_name_or_an_address_literal() {
    let double = SmtpDouble::start(Script::default());
    open(&double).await.expect("it opens").quit().await;
    for (name, said) in [("192.0.2.1", "[192.0.2.1]"), ("[2001:db8::1]", "[IPv6:2001:db8::1]")] {
        let relay = Relay::new(server(&double.url("tls=none")), name, Timeouts::all(PATIENCE), Tls::trusting([]));
        relay.open().await.expect("it opens").quit().await;
        assert!(double.seen().commands.contains(&format!("EHLO {said}")));
    }
    assert_eq!(double.seen().commands[..2], ["EHLO news.example", "QUIT"]);
}

#[tokio::test]
async fn a_family_or_an_address_of_ours_may_be_chosen() {
    let double = SmtpDouble::start(Script::default());
    relay(&double, "tls=none&family=ipv4&bind=127.0.0.1").open().await.expect("it opens");
    for impossible in ["tls=none&family=ipv6", "tls=none&bind=::1", "tls=none&bind=192.0.2.1"] {
        let error = relay(&double, impossible).open().await.expect_err("there is no such way");
        assert_eq!((error.stage(), error.verdict()), (Stage::Connect, Verdict::Server), "{impossible}");
    }
    assert_eq!(double.seen().connections, 1);
}
