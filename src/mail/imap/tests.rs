//! A client that believes no server: whatever is said, it ends, and it never says a word that deletes.

use std::time::Duration;

use super::wire::{Response, Wire, quoted};
use super::{ImapError, Mailbox};

/// A mailbox whose server has said this already, and what was said to it.
async fn mailbox(said: &[u8]) -> (Mailbox, tokio::io::DuplexStream) {
    let (ours, mut theirs) = tokio::io::duplex(1 << 20);
    tokio::io::AsyncWriteExt::write_all(&mut theirs, said).await.unwrap();
    (Mailbox { wire: Wire::new(Box::new(ours), Duration::from_millis(200)), uid_validity: 1 }, theirs)
}

#[tokio::test]
async fn a_search_gives_what_is_new_though_the_star_always_names_the_last() {
    let (mut folder, _server) = mailbox(b"* 3 EXISTS\r\n* SEARCH 9 7 8 9\r\np1 OK done\r\n").await;
    assert_eq!(folder.after(7).await.unwrap(), [8, 9]);
}

#[tokio::test]
async fn a_message_is_a_literal_whatever_it_holds() {
    let said =
        b"* 4 FETCH (FLAGS (\\Seen))\r\n* 2 FETCH (UID 8 BODY[]<0> {18}\r\np1 OK )\r\n* BYE\r\n\r\n)\r\np1 OK done\r\n";
    let (mut folder, _server) = mailbox(said).await;
    assert_eq!(folder.peek(8).await.unwrap().as_deref(), Some(&b"p1 OK )\r\n* BYE\r\n\r\n"[..]));
}

#[tokio::test]
async fn a_message_that_is_gone_is_none() {
    let (mut folder, _server) = mailbox(b"p1 OK nothing there\r\n").await;
    assert_eq!(folder.peek(8).await.unwrap(), None);
}

#[tokio::test]
async fn a_server_that_refuses_babbles_or_falls_silent_ends_the_look() {
    for (said, fault) in [
        (&b"p1 NO not today\r\n"[..], "refused to give a message: not today"),
        (b"* BYE maintenance\r\n", "said goodbye: maintenance"),
        (b"hello\r\n", "no IMAP"),
        (b"* 1 FETCH (UID 8 BODY[] {99999999999}\r\n", "has no end"),
        (b"* 1 FETCH (UID 8 BODY[] {10}\r\nabc", "in time"),
    ] {
        let (mut folder, _server) = mailbox(said).await;
        let error = folder.peek(8).await.unwrap_err();
        assert!(error.to_string().contains(fault), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_never_comes_to_an_end_is_left() {
    let nothing = [&b"* 1 FETCH (UID 8 BODY[] {0}\r\n"[..], &b"\r\n".repeat(1000), b"p1 OK done\r\n"].concat();
    let (mut folder, _server) = mailbox(&nothing).await;
    assert!(matches!(folder.peek(8).await, Err(ImapError::Malformed)), "a line of nothing announces no literal");

    let (mut folder, _server) = mailbox(&b"+ tell me more\r\n".repeat(1000)).await;
    assert!(matches!(folder.peek(8).await, Err(ImapError::Endless)));

    // Lines are few enough and each is short enough, but together they would fill the memory.
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let mut folder = Mailbox { wire: Wire::new(Box::new(ours), Duration::from_secs(5)), uid_validity: 1 };
    let server = tokio::spawn(async move {
        let line = [&b"* SEARCH "[..], &b"1 ".repeat(1 << 19), b"\r\n"].concat();
        let (_their_input, mut output) = tokio::io::split(theirs);
        let mut lines = 0;
        while lines < 1000 && tokio::io::AsyncWriteExt::write_all(&mut output, &line).await.is_ok() {
            lines += 1;
        }
        lines
    });
    assert!(matches!(folder.after(7).await, Err(ImapError::Endless)));
    drop(folder);
    assert!(server.await.unwrap() < 20);
}

#[tokio::test]
async fn what_was_said_before_encryption_is_not_believed_after_it() {
    let (ours, mut theirs) = tokio::io::duplex(1 << 10);
    tokio::io::AsyncWriteExt::write_all(&mut theirs, b"p1 OK go\r\np2 OK injected\r\n").await.unwrap();
    let mut wire = Wire::new(ours, Duration::from_millis(200));
    wire.ask("start encryption", "STARTTLS").await.unwrap();
    assert!(matches!(wire.into_inner(), Err(ImapError::Injected)));
}

#[test]
fn codes_and_quotes_are_read_and_written() {
    let line = Response { text: "* OK [UIDVALIDITY 17] fine".into(), literals: Vec::new() };
    assert_eq!(line.code("uidvalidity"), Some("17"));
    assert_eq!(quoted(r#"a"b\c"#), r#""a\"b\\c""#);
}

proptest::proptest! {
    #[test]
    fn any_answer_comes_to_an_end(said in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (mut folder, server) = mailbox(&[&b"* 1 FETCH (UID 8 "[..], &said].concat()).await;
            drop(server);
            let _ = folder.peek(8).await;
        });
    }
}
