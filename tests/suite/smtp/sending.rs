//! Messages over a connection that behaves: what goes to the wire, in which order, and what stays out.

use postduif::domain::bounce::BounceClass;
use postduif::domain::reply::{Stage, Verdict};
use postduif::mail::smtp::{Answer, Envelope, Outcome};

use super::{ARRIVED, MESSAGE, address, open, to};
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;

#[tokio::test]
async fn a_message_arrives_as_it_was_with_and_without_pipelining() {
    let recipients: Vec<_> = (0..5).map(|number| address(&format!("r{number}@example.org"))).collect();
    for offers in [&["PIPELINING"][..], &[]] {
        let double = SmtpDouble::start(Script::offering(offers));
        let mut connection = open(&double).await.expect("it opens");
        let mut answer = Some(connection.offer(&to(&recipients[0])).await);
        for (number, _) in recipients.iter().enumerate() {
            assert_eq!(answer, Some(Answer::Go));
            let next = recipients.get(number + 1).map(to);
            let outcome = connection.send(MESSAGE, next.as_ref()).await;
            assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
            assert_eq!(connection.messages() as usize, number + 1);
            answer = connection.answer().await;
        }
        assert_eq!(answer, None, "nothing was asked, nothing is answered");
        connection.quit().await;
        let seen = double.seen();
        assert!(seen.messages.iter().all(|message| message.bytes == ARRIVED));
        assert_eq!(
            seen.messages.iter().map(|message| message.to.as_str()).collect::<Vec<_>>(),
            recipients.iter().map(|r| r.as_str()).collect::<Vec<_>>()
        );
        assert_eq!(seen.violations, Vec::<String>::new());
        assert_eq!((seen.connections, seen.commands.last().map(String::as_str)), (1, Some("QUIT")));
        assert!(!seen.commands.iter().any(|command| command == "RSET"), "nothing was refused");
    }
}

#[tokio::test]
async fn with_pipelining_the_next_envelope_is_asked_for_before_the_message_is_answered() {
    let double = SmtpDouble::start(Script::offering(&["PIPELINING"]));
    let mut connection = open(&double).await.expect("it opens");
    let (ada, bob) = (address("ada@example.org"), address("bob@example.org"));
    assert_eq!(connection.offer(&to(&ada)).await, Answer::Go);
    assert!(matches!(connection.send(MESSAGE, Some(&to(&bob))).await, Outcome::Accepted(_)));
    // Without a word from us in between, the server comes to the second DATA.
    while double.seen().commands.iter().filter(|command| *command == "DATA").count() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(double.copies().len(), 1, "nothing of the second message has left");
    drop(connection);
}

#[tokio::test]
async fn one_refused_recipient_harms_nobody_else_on_the_same_connection() {
    let recipients: Vec<_> =
        ["ada", "gone", "bob", "full", "cas"].map(|who| address(&format!("{who}@example.org"))).into();
    for (offers, lets_nobody_be_mailed) in [(&["PIPELINING"][..], false), (&["PIPELINING"], true), (&[], false)] {
        let refuses =
            vec![("gone@example.org", "550-5.1.1 no\r\n550 5.1.1 such user"), ("full@example.org", "452 4.2.2 full")];
        let double = SmtpDouble::start(Script { refuses, lets_nobody_be_mailed, ..Script::offering(offers) });
        let mut connection = open(&double).await.expect("it opens");
        let mut ends = Vec::new();
        for recipient in &recipients {
            let outcome = connection.deliver(&to(recipient), MESSAGE).await;
            assert!(connection.is_usable());
            ends.push(match outcome {
                Outcome::Accepted(_) => Verdict::Accepted,
                Outcome::Refused(refusal) => {
                    assert_eq!(refusal.stage, Stage::Rcpt);
                    refusal.verdict
                }
                lost => panic!("{lost:?}"),
            });
        }
        let later = Verdict::Later { greylisted: false, slower: false };
        let gone = Verdict::Recipient(BounceClass::Gone);
        assert_eq!(ends, [Verdict::Accepted, gone, Verdict::Accepted, later, Verdict::Accepted]);
        let seen = double.seen();
        assert_eq!((seen.connections, seen.messages.len()), (1, 3));
        assert_eq!(seen.commands.iter().filter(|command| *command == "RSET").count(), 2);
        assert_eq!(seen.violations, Vec::<String>::new(), "{offers:?}");
    }
}

#[tokio::test]
async fn a_refusal_behind_a_final_dot_is_about_the_next_message_only() {
    let (ada, gone, bob) = (address("ada@example.org"), address("gone@example.org"), address("bob@example.org"));
    for offers in [&["PIPELINING"][..], &[]] {
        let refuses = vec![("gone@example.org", "550 5.1.1 no such user")];
        let double = SmtpDouble::start(Script { refuses, ..Script::offering(offers) });
        let mut connection = open(&double).await.expect("it opens");
        assert_eq!(connection.offer(&to(&ada)).await, Answer::Go);
        assert!(matches!(connection.send(MESSAGE, Some(&to(&gone))).await, Outcome::Accepted(_)));
        assert!(matches!(connection.answer().await, Some(Answer::Refused(refusal)) if refusal.stage == Stage::Rcpt));
        assert!(matches!(connection.deliver(&to(&bob), MESSAGE).await, Outcome::Accepted(_)));
        assert_eq!(double.copies().into_keys().collect::<Vec<_>>(), ["ada@example.org", "bob@example.org"]);
    }
}

#[tokio::test]
async fn parameters_go_only_where_they_were_offered() {
    let (from, recipient) = (address("b+t@news.example"), address("a+b@example.org"));
    let envelope =
        Envelope { return_path: Some(&from), recipient: &recipient, size: 99, eight_bit: true, id: Some("d1") };
    let double = SmtpDouble::start(Script::offering(&["size 100", "8BitMime", "dsn", "ENHANCEDSTATUSCODES"]));
    let mut connection = open(&double).await.expect("it opens");
    assert!(matches!(connection.deliver(&envelope, MESSAGE).await, Outcome::Accepted(_)));
    assert_eq!(double.seen().messages[0].from, "<b+t@news.example> SIZE=99 BODY=8BITMIME RET=HDRS ENVID=d1");
    let asked = "RCPT TO:<a+b@example.org> NOTIFY=FAILURE ORCPT=rfc822;a+2Bb@example.org";
    assert!(double.seen().commands.contains(&asked.to_owned()));
    let commands = double.seen().commands.len();
    let outcome = connection.deliver(&Envelope { size: 101, ..envelope }, MESSAGE).await;
    let Outcome::Refused(refusal) = outcome else { panic!("{outcome:?}") };
    assert_eq!(refusal.verdict, Verdict::Ours(BounceClass::TooLarge));
    assert_eq!(double.seen().commands.len(), commands, "the server had said so before");
    assert!(matches!(connection.deliver(&envelope, MESSAGE).await, Outcome::Accepted(_)));
}

#[tokio::test]
async fn a_message_of_many_pieces_and_megabytes_arrives_whole() {
    let recipient = address("ada@example.org");
    let line = [b"x".repeat(76), b"\r\n".to_vec()].concat();
    let pieces: Vec<&[u8]> = std::iter::repeat_n(&line[..], 60_000).collect();
    for settings in ["tls=none", "tls=required"] {
        let double = SmtpDouble::start(Script::offering(&["PIPELINING", "STARTTLS"]));
        let mut connection = super::relay(&double, settings).open().await.expect("it opens");
        assert!(matches!(connection.deliver(&to(&recipient), &pieces).await, Outcome::Accepted(_)));
        assert_eq!(double.seen().messages[0].bytes.len(), 78 * 60_000);
        let unended = connection.deliver(&to(&recipient), &[b"no line end"]).await;
        assert!(matches!(unended, Outcome::Accepted(_)));
        assert_eq!(double.seen().messages[1].bytes, b"no line end\r\n");
    }
}
