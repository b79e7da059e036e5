//! The real mail server that `tests/run` lends: its four doors, and the maildir in which all its mail ends.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub enum Door {
    Plain,
    StartTls,
    Auth,
    Tls,
}

pub struct Postfix {
    maildir: PathBuf,
}

/// A mail as the server kept it, with the envelope that it noted on top.
pub struct Delivered {
    pub sender: String,
    pub recipient: String,
    pub message: String,
}

impl Postfix {
    /// Nothing when no mail server was given.
    pub fn lent() -> Option<Self> {
        Some(Self { maildir: super::given("MAILDIR")?.into() })
    }

    /// The door's address as `POSTDUIF_SMTP_URL` takes it.
    pub fn url(&self, door: Door) -> String {
        let name = format!("SMTP_{}_URL", format!("{door:?}").to_uppercase());
        super::given(&name).expect("tests/run gives all of Postfix or nothing")
    }

    /// What came for addresses at `domain`, once it is `count` mails or more; each test has a domain of its own,
    /// for the maildir is everybody's.
    pub fn mail_for(&self, domain: &str, count: usize) -> Vec<Delivered> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let mail: Vec<_> = self.all().filter(|mail| mail.recipient.ends_with(&format!("@{domain}"))).collect();
            if mail.len() >= count {
                return mail;
            }
            assert!(Instant::now() < deadline, "{} of {count} mails came for {domain}", mail.len());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn all(&self) -> impl Iterator<Item = Delivered> {
        let files = std::fs::read_dir(self.maildir.join("new")).into_iter().flatten();
        files.map(|file| Delivered::read(&file.expect("the maildir can be listed").path()))
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
