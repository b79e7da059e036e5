//! A real mail server behind each of its doors.

use postduif::mail::smtp::{Answer, Outcome, Tls};

use super::{ARRIVED, MESSAGE, address, relay_to, to};
use crate::kit::postfix::{Door, Postfix};
use crate::kit::wait;

#[test]
fn a_real_server_takes_our_mail_at_every_door_and_refuses_only_whom_it_does_not_know() {
    for door in [Door::Plain, Door::StartTls, Door::Auth, Door::Tls] {
        let domain = format!("{door:?}.smtp.example").to_lowercase();
        let Some(mut postfix) = Postfix::lent(&domain) else { return };
        let [ada, unknown, bob] = ["ada", "unknown", "bob"].map(|who| address(&format!("{who}@{domain}")));
        wait(async || {
            let mut connection = relay_to(&postfix.url(door), Tls::from_system()).open().await.expect("it opens");
            assert_eq!(connection.is_encrypted(), !matches!(door, Door::Plain), "{door:?}");
            assert!(connection.capabilities().pipelining);
            assert_eq!(connection.offer(&to(&ada)).await, Answer::Go);
            let outcome = connection.send(MESSAGE, Some(&to(&unknown))).await;
            assert!(matches!(outcome, Outcome::Accepted(_)), "{door:?}: {outcome:?}");
            assert!(matches!(connection.answer().await, Some(Answer::Refused(_))), "{door:?}");
            let outcome = connection.deliver(&to(&bob), MESSAGE).await;
            assert!(matches!(outcome, Outcome::Accepted(_)), "{door:?}: {outcome:?}");
            connection.quit().await;
        });
        let mail = postfix.mail(2);
        assert_eq!(mail.len(), 2, "{door:?}");
        // Postfix keeps mail with the line ends of its own machine.
        let text = String::from_utf8_lossy(ARRIVED).replace("\r\n", "\n");
        let (_, body) = text.split_once("\n\n").expect("the message has a body");
        assert!(mail.iter().all(|mail| mail.message.ends_with(body)), "{door:?}: {}", mail[0].message);
    }
}
