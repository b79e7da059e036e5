//! Somebody who did not write our mails and reads them all: Python's mail reader, and dkimpy for the signatures.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::kit::given;
use crate::kit::smtp_double::Message;

/// One long-lived process, which is handed one mail after the other.
pub struct Stranger {
    child: Child,
    mails: Option<ChildStdin>,
    verdicts: BufReader<ChildStdout>,
    _folder: TempDir,
}

impl Stranger {
    /// Nothing where there is no Python. `records` are our keys as DNS would have them.
    pub fn called(records: &BTreeMap<String, String>) -> Option<Self> {
        let python = given("PYTHON")?;
        let folder = tempfile::tempdir().expect("a folder can be made");
        let file = folder.path().join("records.json");
        std::fs::write(&file, serde_json::to_vec(records).expect("texts become JSON")).expect("it can be written");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verify_dkim.py");
        let mut command = Command::new(python);
        command.arg(script).arg("--received").arg(file).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("Python runs");
        let verdicts = BufReader::new(child.stdout.take().expect("there is a pipe"));
        Some(Self { mails: child.stdin.take(), child, verdicts, _folder: folder })
    }

    /// Judges a mail as it arrived, and looks at what it says where `whole` asks for that; how many signatures hold.
    pub fn judge(&mut self, message: &Message, whole: bool) -> usize {
        let mails = self.mails.as_mut().expect("it is open");
        let head = format!("{} {}\n", message.bytes.len(), if whole { "whole" } else { "" });
        // Where it has ended, what it said on standard error stands above this.
        let sent = mails.write_all(&[head.as_bytes(), &message.bytes].concat()).and_then(|()| mails.flush());
        let mut line = String::new();
        let read = sent.and_then(|()| self.verdicts.read_line(&mut line));
        assert!(read.is_ok_and(|length| length > 0), "the mail to {} was found wanting", message.to);
        let read: Value = serde_json::from_str(&line).expect("it is JSON");
        assert_eq!(read["to"].as_str(), Some(message.to.as_str()));
        if whole {
            check_words(&read);
        }
        read["signatures"].as_u64().and_then(|count| usize::try_from(count).ok()).expect("it is a number")
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.mails = None;
        let _ = self.child.wait();
    }
}

/// What a mail program makes of an edition of nasty things: every one of them a text, and nothing more.
fn check_words(read: &Value) {
    let told = |field: &str| read[field].as_str().unwrap_or_default().to_owned();
    // Between two encoded words of a name Python's reader puts a blank that is not there (RFC 2047 section 6.2).
    let (subject, from, text) = (told("subject"), told("from").replace("  ", " "), told("text"));
    assert!(subject.starts_with("Onderwerp Bcc: victim@example.org . a . b . c .. d <script>"), "{subject}");
    assert!(subject.contains("👩\u{200d}👩\u{200d}👧\u{200d}👦") && subject.contains("שלום עולם"), "{subject}");
    assert!(subject.contains("“IB&P”: 'auto’s' \"quoted\" <a@b>"), "{subject}");
    assert!(from.contains("IB&P \"Één\" <x>, Bcc: victim@example.org (名前)"), "{from}");
    assert!(text.contains("\n.\n") || text.contains(" . "), "{text}");
    assert!(text.contains(&"x".repeat(3_000)), "a long word stays whole");
    if let Some(html) = read["html"].as_str() {
        assert!(html.contains(&"🕊".repeat(3_000)) && !html.contains("<script"), "{html}");
        assert!(html.contains("&lt;script&gt;") && html.contains("{{ 7*7 }}"), "{html}");
    }
}
