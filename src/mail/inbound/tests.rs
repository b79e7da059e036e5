//! The listener as a client meets it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

/// Takes what is for `house.example`, and answers by the subject.
#[derive(Clone, Default)]
struct Desk(Arc<Mutex<Vec<InboundMessage>>>);

impl Handler for Desk {
    async fn accept(&self, recipient: &str) -> bool {
        recipient.ends_with("@house.example") || recipient == "postmaster"
    }

    async fn take(&self, message: InboundMessage) -> Result<(), NotTaken> {
        let text = String::from_utf8_lossy(&message.bytes).into_owned();
        if text.contains("Subject: later") {
            return Err(NotTaken::Later);
        }
        if text.contains("Subject: never") {
            return Err(NotTaken::Refuse);
        }
        self.0.lock().unwrap().push(message);
        Ok(())
    }
}

struct House {
    desk: Desk,
    port: u16,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

async fn house_with(limits: Limits) -> House {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let desk = Desk::default();
    let (stop, stopped) = oneshot::channel();
    let listener = Listener { limits, ..Listener::new("mail.house.example") };
    let served = tokio::spawn(listener.serve(socket, desk.clone(), async {
        let _ = stopped.await;
    }));
    House { desk, port, stop, served }
}

struct Client {
    input: BufReader<OwnedReadHalf>,
    output: OwnedWriteHalf,
}

impl House {
    async fn client(&self) -> Client {
        let (input, output) = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap().into_split();
        Client { input: BufReader::new(input), output }
    }

    async fn greeted(&self) -> Client {
        let mut client = self.client().await;
        assert!(client.reply().await.starts_with("220 mail.house.example "));
        client.ask("EHLO client.example").await;
        client
    }

    fn taken(&self) -> Vec<InboundMessage> {
        self.desk.0.lock().unwrap().clone()
    }
}

impl Client {
    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.output.write_all(bytes.as_ref()).await.unwrap();
    }

    /// The last line of the next reply, its end cut off; empty when we were hung up on.
    async fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.input.read_line(&mut line).await.unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn ask(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n")).await;
        self.reply().await
    }

    async fn script(&mut self, steps: &[(&str, &str)]) {
        for (command, reply) in steps {
            let got = self.ask(command).await;
            assert!(got.starts_with(reply), "{command} was answered {got}");
        }
    }

    async fn is_hung_up_on(&mut self) {
        let mut rest = String::new();
        self.input.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "");
    }
}

#[tokio::test]
async fn a_report_is_taken_with_its_envelope_and_its_exact_bytes() {
    let house = house_with(Limits::default()).await;
    let mut client = house.client().await;
    assert!(client.reply().await.starts_with("220 "));
    client.send("EHLO client.example\r\n").await;
    let mut offers = Vec::new();
    loop {
        let mut line = String::new();
        client.input.read_line(&mut line).await.unwrap();
        offers.push(line[4..].trim_end().to_owned());
        if line.starts_with("250 ") {
            break;
        }
    }
    offers.sort();
    assert_eq!(
        offers,
        ["8BITMIME", "ENHANCEDSTATUSCODES", "PIPELINING", "SIZE 10000000", "SMTPUTF8", "mail.house.example"]
    );
    client
        .script(&[
            ("MAIL FROM:<> SIZE=100 BODY=8BITMIME SMTPUTF8", "250 2.1.0"),
            ("RCPT TO:<bounces+TOKEN@house.example>", "250 2.1.5"),
            ("DATA", "354"),
            ("Subject: x\r\n\r\n..dot\r\nbare\nline feed\r\n.", "250 2.0.0"),
            ("QUIT", "221 2.0.0"),
        ])
        .await;
    client.is_hung_up_on().await;
    let expected = InboundMessage {
        mail_from: String::new(),
        recipients: vec!["bounces+TOKEN@house.example".to_owned()],
        bytes: b"Subject: x\r\n\r\n.dot\r\nbare\nline feed\r\n".to_vec(),
    };
    assert!(house.taken() == [expected]);
}

#[tokio::test]
async fn mail_for_others_is_refused_and_without_a_recipient_there_is_no_data() {
    let house = house_with(Limits::default()).await;
    house
        .greeted()
        .await
        .script(&[
            ("MAIL FROM:<someone@elsewhere.example>", "250"),
            ("RCPT TO:<victim@elsewhere.example>", "550 5.7.1"),
            ("RCPT TO:<victim%elsewhere.example@relay.example>", "550 5.7.1"),
            ("DATA", "554 5.5.1"),
            ("RCPT TO:<a@house.example>", "503"),
        ])
        .await;
    assert!(house.taken().is_empty());
}

#[tokio::test]
async fn commands_out_of_order_or_malformed_get_the_reply_that_says_so() {
    let house = house_with(Limits { faults: 100, ..Limits::default() }).await;
    let mut client = house.client().await;
    client.reply().await;
    client
        .script(&[
            ("MAIL FROM:<>", "503 5.5.1"),
            ("NOOP", "250 2.0.0"),
            ("VRFY someone", "252 2.5.2"),
            ("HELP", "214"),
            ("NONSENSE", "500 5.5.1"),
            ("EHLO", "501"),
            ("HELO client.example", "250 mail.house.example"),
            ("RCPT TO:<a@house.example>", "503"),
            ("DATA", "503"),
            ("AUTH PLAIN AGEAYg==", "502"),
            ("STARTTLS", "502"),
            ("MAIL FROM:<a@@b>", "501"),
            ("MAIL FROM:<> SIZE=10000001", "552 5.3.4"),
            ("MAIL FROM:<> BODY=BINARYMIME", "504"),
            ("MAIL FROM:<> WISH=3", "555"),
            ("MAIL FROM:<>", "250"),
            ("MAIL FROM:<>", "503"),
            ("RCPT TO:<Postmaster>", "250"),
            ("RSET", "250"),
            ("RCPT TO:<a@house.example>", "503"),
            ("BDAT 5 LAST", "502"),
        ])
        .await;
    client.is_hung_up_on().await;
}

#[tokio::test]
async fn lmtp_answers_once_for_each_recipient() {
    let house = house_with(Limits::default()).await;
    let mut client = house.client().await;
    client.reply().await;
    client
        .script(&[
            ("LHLO client.example", "250 "),
            ("MAIL FROM:<>", "250"),
            ("RCPT TO:<a@house.example>", "250"),
            ("RCPT TO:<x@elsewhere.example>", "550"),
            ("RCPT TO:<b@house.example>", "250"),
            ("DATA", "354"),
            ("Subject: x\r\n\r\n.", "250"),
        ])
        .await;
    assert!(client.reply().await.starts_with("250"), "the second recipient has a reply too");
    assert!(client.ask("NOOP").await.starts_with("250 2.0.0 Still"));
    assert_eq!(house.taken().len(), 1);
    assert_eq!(house.taken()[0].recipients, ["a@house.example", "b@house.example"]);
}

#[tokio::test]
async fn a_pipelined_conversation_is_answered_in_order() {
    let house = house_with(Limits::default()).await;
    let mut client = house.client().await;
    let message = "MAIL FROM:<>\r\nRCPT TO:<a@house.example>\r\nDATA\r\n";
    client.send(format!("EHLO c.example\r\n{message}")).await;
    for start in ["220", "250", "250", "250", "354"] {
        assert!(client.reply().await.starts_with(start));
    }
    client.send(format!("Subject: 1\r\n\r\n.\r\n{message}")).await;
    for start in ["250 2.0.0", "250", "250", "354"] {
        assert!(client.reply().await.starts_with(start));
    }
    client.send("Subject: 2\r\n\r\n.\r\nQUIT\r\n").await;
    assert!(client.reply().await.starts_with("250 2.0.0"));
    assert!(client.reply().await.starts_with("221"));
    assert_eq!(house.taken().len(), 2);
}

#[tokio::test]
async fn what_the_handler_did_not_take_is_not_acknowledged() {
    let house = house_with(Limits::default()).await;
    let mut client = house.greeted().await;
    for (subject, reply) in [("later", "451 4.3.0"), ("never", "554 5.7.1"), ("fine", "250")] {
        client
            .script(&[
                ("MAIL FROM:<>", "250"),
                ("RCPT TO:<a@house.example>", "250"),
                ("DATA", "354"),
                (&format!("Subject: {subject}\r\n\r\n."), reply),
            ])
            .await;
    }
    assert_eq!(house.taken().len(), 1);
}

#[tokio::test]
async fn a_message_inside_a_message_is_never_taken_for_a_second_one() {
    for end in ["\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\n\n.\r\n", "\r\n\0.\r\n"] {
        let house = house_with(Limits::default()).await;
        let mut client = house.greeted().await;
        let smuggled = "MAIL FROM:<evil@elsewhere.example>\r\nRCPT TO:<a@house.example>\r\nDATA\r\nSubject: 2\r\n";
        client
            .script(&[
                ("MAIL FROM:<>", "250"),
                ("RCPT TO:<a@house.example>", "250"),
                ("DATA", "354"),
                (&format!("Subject: 1\r\n\r\ntext{end}{smuggled}."), "250"),
                ("QUIT", "221"),
            ])
            .await;
        assert_eq!(house.taken().len(), 1, "{end:?}");
    }
}

#[tokio::test]
async fn a_command_with_a_bare_line_end_or_without_any_ends_the_conversation() {
    for line in [b"MAIL FROM:<>\nRCPT TO:<a@house.example>\r\n".to_vec(), b"NOOP a\rb\r\n".to_vec(), vec![b'x'; 3000]] {
        let house = house_with(Limits::default()).await;
        let mut client = house.greeted().await;
        client.send(&line).await;
        assert!(client.reply().await.starts_with("500 5.5.2"));
        client.is_hung_up_on().await;
    }
}

#[tokio::test]
async fn what_is_too_large_or_loops_or_errs_too_often_is_stopped() {
    let house = house_with(Limits { message_octets: 1000, recipients: 2, faults: 3, ..Limits::default() }).await;
    let mut client = house.greeted().await;
    let envelope =
        [("MAIL FROM:<>", "250"), ("RCPT TO:<a@house.example>", "250"), ("DATA", "354"), (".", "250 2.0.0 Taken")];
    for (message, reply) in [(format!("{}\r\n.", "x".repeat(1000)), "552 5.3.4"), ("x\r\n.".to_owned(), "250")] {
        client.script(&envelope[..3]).await;
        client.script(&[(&message, reply)]).await;
    }
    client.script(&envelope[..2]).await;
    client
        .script(&[
            ("RCPT TO:<b@house.example>", "250"),
            ("RCPT TO:<c@house.example>", "452 4.5.3"),
            ("WHAT", "500"),
            ("WHAT", "500"),
            ("WHAT", "500"),
        ])
        .await;
    assert!(client.reply().await.starts_with("421 4.7.0"));
    client.is_hung_up_on().await;

    let house = house_with(Limits::default()).await;
    let mut client = house.greeted().await;
    client.script(&envelope[..3]).await;
    client.script(&[(&format!("{}\r\nx\r\n.", "Received: a\r\n".repeat(101)), "554 5.4.6")]).await;
    client.script(&envelope).await;

    let house = house_with(Limits { message_octets: 1000, ..Limits::default() }).await;
    let mut client = house.greeted().await;
    client.script(&envelope[..3]).await;
    client.send(vec![b'x'; 5000]).await;
    assert!(client.reply().await.starts_with("552 5.3.4"));
    client.is_hung_up_on().await;
}

#[tokio::test]
async fn one_network_cannot_take_all_connections_and_gives_them_back() {
    let house = house_with(Limits { connections_per_network: 1, ..Limits::default() }).await;
    let mut first = house.greeted().await;
    let mut second = house.client().await;
    assert!(second.reply().await.starts_with("421 4.3.2"));
    first.ask("QUIT").await;
    first.is_hung_up_on().await;
    drop(first);
    loop {
        let mut third = house.client().await;
        if third.reply().await.starts_with("220") {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_silent_client_is_sent_away() {
    let house = house_with(Limits { idle: Duration::from_millis(50), ..Limits::default() }).await;
    let mut client = house.greeted().await;
    client.send("NOO").await;
    assert!(client.reply().await.starts_with("421 4.4.2"));
    client.is_hung_up_on().await;
}

#[tokio::test]
async fn shutting_down_finishes_the_message_in_hand_and_sends_the_idle_away() {
    let house = house_with(Limits { grace: Duration::from_secs(60), ..Limits::default() }).await;
    let mut idle = house.greeted().await;
    let mut busy = house.greeted().await;
    busy.script(&[("MAIL FROM:<>", "250"), ("RCPT TO:<a@house.example>", "250"), ("DATA", "354")]).await;
    let House { desk, port, stop, served } = house;
    stop.send(()).unwrap();
    assert!(idle.reply().await.starts_with("421 4.3.2"));
    idle.is_hung_up_on().await;
    drop(idle);
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "nobody new comes in");
    assert!(busy.ask("Subject: x\r\n\r\n.").await.starts_with("250"));
    assert!(busy.reply().await.starts_with("421"));
    drop(busy);
    served.await.unwrap();
    assert_eq!(desk.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn shutting_down_does_not_wait_for_ever() {
    let house = house_with(Limits { grace: Duration::from_millis(20), ..Limits::default() }).await;
    let mut busy = house.greeted().await;
    busy.script(&[("MAIL FROM:<>", "250"), ("RCPT TO:<a@house.example>", "250"), ("DATA", "354")]).await;
    house.stop.send(()).unwrap();
    house.served.await.unwrap();
    busy.is_hung_up_on().await;
    assert!(house.desk.0.lock().unwrap().is_empty());
}

#[test]
fn one_customer_of_ipv6_is_one_network() {
    let network = |text: &str| network_of(text.parse().unwrap());
    assert_eq!(network("2001:db8:1:2::3"), network("2001:db8:1:2:ffff::"));
    assert_ne!(network("2001:db8:1:2::3"), network("2001:db8:1:3::3"));
    assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    assert_ne!(network("192.0.2.2"), network("192.0.2.1"));
}
