//! The program itself, as an operator runs it, in a folder of its own.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::{Connection, Executor};
use tempfile::TempDir;

/// An installation for one measurement.
pub struct Program {
    /// Where it serves.
    pub address: String,
    folder: TempDir,
    database: String,
    server: String,
}

impl Program {
    /// With this mail server.
    pub fn new(server: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = free.local_addr().expect("it is bound").to_string();
        let embedded = format!("sqlite:{}", folder.path().join("bench.db").display());
        // The second measurement wants an empty database too, and SQLite's is always one.
        static GIVEN: std::sync::Once = std::sync::Once::new();
        let mut database = embedded;
        GIVEN.call_once(|| database = std::env::var("POSTDUIF_TEST_DATABASE_URL").unwrap_or(database.clone()));
        Self { address, folder, database, server: format!("smtp://{server}?tls=none") }
    }

    pub fn engine(&self) -> &'static str {
        if self.database.starts_with("sqlite:") { "SQLite" } else { "PostgreSQL" }
    }

    /// Another database of the same engine, with this schema and a newsletter in it.
    pub async fn reference(&self) -> String {
        let url = if self.database.starts_with("sqlite:") {
            format!("sqlite:{}", self.folder.path().join("reference.db").display())
        } else {
            let mut server = sqlx::PgConnection::connect(&self.database).await.expect("PostgreSQL is there");
            // What an earlier measurement left.
            server.execute("drop database if exists postduif_reference").await.expect("nobody uses it");
            server.execute("create database postduif_reference").await.expect("it may make databases");
            let mut url = url::Url::parse(&self.database).expect("it is a URL");
            url.set_path("postduif_reference");
            url.into()
        };
        let mut create =
            self.command(&["newsletter", "create", "bench", "--title", "Bench", "--from", "Bench <b@example.org>"]);
        create.env("POSTDUIF_DATABASE_URL", &url);
        assert!(create.stdout(Stdio::null()).status().expect("the program starts").success(), "it is created");
        url
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postduif"));
        command.args(arguments).env_clear().current_dir(self.folder.path());
        for (name, value) in [
            ("DATABASE_URL", self.database.as_str()),
            ("SECRET_KEY", "cG9zdGR1aWYgY2FycmllcyB0aGUgbWFpbCBvZiBhIHRlc3Q="),
            ("LISTEN", &self.address),
            ("SMTP_URL", &self.server),
            ("SMTP_CONNECTIONS", "10"),
            ("BOUNCE_ADDRESS", "bounces@example.org"),
            ("SIGNUPS_PER_NETWORK", "0"),
            ("SIGNUPS_TOTAL", "0"),
            ("OFFLINE", "true"),
            ("LOG", "error"),
        ] {
            command.env(format!("POSTDUIF_{name}"), value);
        }
        command
    }

    /// Runs a command to its end; what it printed.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).stderr(Stdio::inherit()).output().expect("the program starts");
        assert!(output.status.success(), "{arguments:?} failed");
        String::from_utf8(output.stdout).expect("it prints UTF-8")
    }

    /// Runs a command to its end; the most memory it ever had, in MiB.
    pub fn measure(&self, arguments: &[&str]) -> u64 {
        let mut child = self.command(arguments).stdout(Stdio::null()).spawn().expect("the program starts");
        let mut most = 0;
        loop {
            most = most.max(memory(child.id()));
            if let Some(status) = child.try_wait().expect("it is our child") {
                assert!(status.success(), "{arguments:?} failed");
                return most;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Somebody who may sign in at the desk.
    pub fn user(&self, email: &str, password: &str) {
        let mut command = self.command(&["user", "add", email, "--role", "admin"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the program starts");
        let mut input = child.stdin.take().expect("it is piped");
        input.write_all(password.as_bytes()).expect("it reads");
        drop(input);
        assert!(child.wait().expect("it is our child").success(), "the user is added");
    }

    /// A file with so many addresses.
    pub fn list(&self, readers: usize) -> String {
        let path = self.folder.path().join("readers.csv");
        let mut lines = String::from("email\n");
        (0..readers).for_each(|n| lines.push_str(&format!("reader{n}@host{}.example\n", n % 50)));
        std::fs::write(&path, lines).expect("the folder has room");
        path.display().to_string()
    }

    /// An approved edition of about 50 kB; its id.
    pub fn edition(&self) -> String {
        let summary = ["Een zin die in iedere nieuwsbrief had kunnen staan, van gewone lengte."; 8].join(" ");
        for number in 0..20 {
            let (title, url) = (format!("Artikel {number}"), format!("https://www.example.org/{number}"));
            let what = ["--section", "blogs", "--title", &title, "--url", &url, "--summary", &summary];
            self.run(&[&["article", "add", "bench"][..], &what].concat());
        }
        let made: serde_json::Value =
            serde_json::from_str(&self.run(&["edition", "assemble", "bench", "--json"])).expect("it is JSON");
        let id = made["id"].to_string();
        self.run(&["edition", "approve", &id, "--override", "a measurement"]);
        id
    }

    /// Serves; returns when it is ready.
    pub async fn serve(&self) -> Serving {
        let child = self.command(&["serve"]).stdout(Stdio::null()).spawn().expect("the program starts");
        while !super::client::is_ready(&self.address).await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Serving { child }
    }
}

/// At work.
pub struct Serving {
    child: Child,
}

impl Serving {
    /// The most memory it ever had, in MiB.
    pub fn memory(&self) -> u64 {
        memory(self.child.id())
    }

    pub fn stop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// The most memory that a process ever had, in MiB; 0 when it is gone.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
