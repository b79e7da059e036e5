//! The real mail server that `tests/run` lends: its four doors, and the maildir in which all its mail ends.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub enum Door {
    Plain,
    StartTls,
    Auth,
    Tls,
}

/// Postfix as one test sees it: only the mail for a domain that no other test uses.
pub struct Postfix {
    maildir: PathBuf,
    domain: String,
    seen: HashSet<OsString>,
    mail: Vec<Delivered>,
}

/// A mail as the server kept it, with the envelope that it noted on top.
pub struct Delivered {
    pub sender: String,
    pub recipient: String,
    pub message: String,
}

impl Postfix {
    /// Nothing when no mail server was given.
    pub fn lent(domain: &str) -> Option<Self> {
        let maildir = super::given("MAILDIR")?.into();
        Some(Self { maildir, domain: domain.to_owned(), seen: HashSet::new(), mail: Vec::new() })
    }

    /// The door's address as `POSTDUIF_SMTP_URL` takes it.
    pub fn url(&self, door: Door) -> String {
        let name = format!("SMTP_{}_URL", format!("{door:?}").to_uppercase());
        super::given(&name).expect("tests/run gives all of Postfix or nothing")
    }

    /// What came for our domain, once it is `count` mails or more.
    pub fn mail(&mut self, count: usize) -> &[Delivered] {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.look() < count {
            assert!(Instant::now() < deadline, "{} of {count} mails came for {}", self.mail.len(), self.domain);
            std::thread::sleep(Duration::from_millis(20));
        }
        &self.mail
    }

    fn look(&mut self) -> usize {
        // Postfix makes the folder with its first mail.
        for file in std::fs::read_dir(self.maildir.join("new")).into_iter().flatten() {
            let file = file.expect("the maildir can be listed");
            if self.seen.insert(file.file_name()) {
                let mail = Delivered::read(&file.path());
                if mail.recipient.rsplit_once('@').is_some_and(|(_, domain)| domain == self.domain) {
                    self.mail.push(mail);
                }
            }
        }
        self.mail.len()
    }
}

impl Delivered {
    fn read(file: &Path) -> Self {
        let bytes = std::fs::read(file).expect("a delivered mail can be read");
        let message = String::from_utf8_lossy(&bytes).into_owned();
        let noted = |name: &str| {
            let line = message.lines().find_map(|line| line.strip_prefix(name)).expect("Postfix notes the envelope");
            line.trim_matches(['<', '>', ' ']).to_owned()
        };
        Self { sender: noted("Return-Path:"), recipient: noted("X-Original-To:"), message }
    }
}
