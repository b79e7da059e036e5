//! `cargo bench --bench loop`: the loop that most programs write with lettre, for `benches/send.sh` to compare with: one
//! connection, one message of 50 kB after the other, nothing signed, nothing recorded. Prints the seconds it took.
//!
//! `SINK=127.0.0.1:2525 MESSAGES=500`, the mail server and how many.

use std::time::{Duration, Instant};

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // `cargo test --benches` and a bare `cargo bench` name no mail server.
    let Ok(sink) = std::env::var("SINK") else { return };
    let messages: usize = std::env::var("MESSAGES").map_or(500, |count| count.parse().expect("MESSAGES is a number"));
    let address = |text: &str| text.parse::<Address>().expect("it is an address");
    let envelope = Envelope::new(Some(address("a@example.org")), vec![address("b@example.org")]).expect("it is whole");
    let mut message = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: loop\r\n\r\n".to_vec();
    while message.len() < 51_200 {
        message.extend_from_slice(b"Een zin die in iedere nieuwsbrief had kunnen staan, van gewone lengte.\r\n");
    }
    let hello = ClientId::Domain("bench.example".to_owned());
    let patience = Some(Duration::from_secs(30));
    let connection = AsyncSmtpConnection::connect_tokio1(sink.as_str(), patience, &hello, None, None).await;
    let mut connection = connection.expect("the mail server answers");
    let began = Instant::now();
    for _ in 0..messages {
        connection.send(&envelope, &message).await.expect("the mail server takes it");
    }
    println!("{}", began.elapsed().as_secs_f64());
}
