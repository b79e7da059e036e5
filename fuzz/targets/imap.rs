//! Whatever the server of a mailbox answers, the look into it ends, and no message is longer than asked for.
#![no_main]

use std::io::Cursor;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use postduif::domain::imap_url::ImapUrl;
use postduif::mail::imap::{MESSAGE_OCTETS, Mailbox};
use postduif::mail::smtp::Tls;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a clock is all it needs"));
static TLS: LazyLock<Tls> = LazyLock::new(|| Tls::trusting([]));

fuzz_target!(|said: &[u8]| {
    RUNTIME.block_on(async {
        let url = ImapUrl::parse("imap://anna:secret@127.0.0.1/Archief?tls=none").expect("the address is one");
        let stream = tokio::io::join(Cursor::new(said.to_vec()), tokio::io::sink());
        let Ok(mut folder) = Mailbox::over(stream, &url, &TLS).await else { return };
        let Ok(uids) = folder.after(7).await else { return };
        assert!(uids.is_sorted() && uids.iter().all(|uid| *uid > 7), "{uids:?}");
        for uid in uids.into_iter().take(3) {
            match folder.peek(uid).await {
                Ok(Some(message)) => assert!(message.len() <= MESSAGE_OCTETS + (4 << 20)),
                Ok(None) => {}
                Err(_) => return,
            }
            let _ = folder.mark_seen(uid).await;
        }
        folder.leave().await;
    });
});
