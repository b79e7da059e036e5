//! An installation of one's own: a database, a folder, settings, and the real program at work in it.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::database::{Database, Engine};
use super::feeds::Site;
use super::http::Http;
use super::program::{Outcome, Program};

/// How long the program may take to start or to end before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Installation {
    pub database: Database,
    address: String,
    settings: BTreeMap<String, String>,
}

/// `postduif serve` at work; killed when dropped.
pub struct Serving {
    pub http: Http,
    child: Child,
    log: PathBuf,
}

impl From<Database> for Installation {
    fn from(database: Database) -> Self {
        let (address, url) = (free_address(), database.url().to_owned());
        let mut installation = Self { database, address: address.clone(), settings: BTreeMap::new() };
        installation.set("LISTEN", &address);
        installation.set("DATABASE_URL", &url);
        installation.set("SECRET_KEY", "cG9zdGR1aWYgY2FycmllcyB0aGUgbWFpbCBvZiBhIHRlc3Q=");
        installation.set("OFFLINE", "true");
        installation
    }
}

impl Installation {
    /// Sets `POSTDUIF_name` for what is started from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(format!("POSTDUIF_{name}"), value.to_owned());
    }

    /// Where the program runs and looks for its settings file.
    pub fn folder(&self) -> &Path {
        self.database.folder()
    }

    /// Runs a command to its end, however that is.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.program(arguments).run()
    }

    /// Makes the newsletter `nieuws` with one feed, and fetches it.
    pub fn newsletter(&self) {
        let from = "Voorbeeldadviesbureau <nieuws@example.org>";
        let create = ["newsletter", "create", "nieuws", "--title", "Nieuwsbrief", "--language", "nl", "--from", from];
        let address = "Voorbeeldstraat 1, 1234 AB Voorbeeldstad";
        self.run(&[&create[..], &["--postal-address", address]].concat()).done();
        let feed = Site::open().show("/feed/", include_str!("../../fixtures/feeds/wordpress-6.1.xml"));
        self.run(&["source", "add", "nieuws", &feed, "--section", "blogs", "--allow-private"]).done();
        self.run(&["source", "fetch", "nieuws"]).done();
    }

    /// Confirmed readers `reader-1@domain` and so on, put there behind the program's back: many in no time.
    pub fn readers(&self, count: usize, domain: &str) {
        let random = match self.database.engine() {
            Engine::Sqlite => "randomblob(16)",
            Engine::Postgres => "uuid_send(gen_random_uuid())",
        };
        self.database.sql(&format!(
            "insert into subscribers (email, email_key, address_hash, domain, language, created_at, updated_at) \
             with recursive n(i) as (select 1 union all select i + 1 from n where i < {count}) \
             select 'reader-' || i || '@{domain}', 'reader-' || i || '@{domain}', {random}, '{domain}', 'nl', 0, 0 from n"
        ));
        self.database.sql(&format!(
            "insert into subscriptions (link, subscriber_id, newsletter_id, status, requested_at, confirmed_at) \
             select {random}, s.id, n.id, 'confirmed', 0, 0 from subscribers s cross join newsletters n"
        ));
    }

    /// Assembles an edition of `nieuws`, approves it, and lets it go out; its id.
    pub fn publish(&self) -> String {
        let id = self.run(&["edition", "assemble", "nieuws", "--json"]).json()[0]["id"].to_string();
        let id = id.trim_matches('"').to_owned();
        self.run(&["edition", "approve", &id, "--accept-warnings"]).done();
        self.run(&["edition", "send", &id]).done();
        id
    }

    /// Waits until an edition is sent, and how its deliveries ended.
    pub fn sent(&self, edition: &str) -> Value {
        let (mut deadline, mut before) = (Instant::now() + 5 * PATIENCE, Value::Null);
        loop {
            let mut shown = self.run(&["edition", "show", edition, "--json"]).json();
            if shown[0]["status"] == "sent" {
                return shown[0]["counts"].take();
            }
            // As long as it moves at all it is only slow, as on a machine with much else to do.
            if shown[0]["counts"] != before {
                (deadline, before) = (Instant::now() + 5 * PATIENCE, shown[0]["counts"].clone());
            }
            assert!(Instant::now() < deadline, "it is not sent: {shown:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Starts `postduif serve` and waits until it is ready.
    pub fn serve(&self) -> Serving {
        self.start(&["serve"], &self.address).when_ready()
    }

    /// Another node on the same database, with an address of its own.
    pub fn another_node(&self) -> Serving {
        self.start(&["serve"], &free_address()).when_ready()
    }

    /// Starts a part of the program alone; only the part with the pages can be asked whether it is ready.
    pub fn serve_only(&self, part: &str) -> Serving {
        let serving = self.start(&["serve", "--only", part], &free_address());
        if part == "web" { serving.when_ready() } else { serving }
    }

    fn start(&self, arguments: &[&str], address: &str) -> Serving {
        static COUNT: AtomicU16 = AtomicU16::new(0);
        let log = self.folder().join(format!("serve-{}.log", COUNT.fetch_add(1, Ordering::Relaxed)));
        let file = File::create(&log).expect("the installation has room for a log");
        let mut command = self.program(arguments).env("POSTDUIF_LISTEN", address).into_command();
        command.stdin(Stdio::null()).stdout(file.try_clone().expect("a file can be shared")).stderr(file);
        let child = command.spawn().expect("the program starts");
        Serving { http: Http::to(format!("http://{address}")), child, log }
    }

    /// A command for whoever wants its pipes.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.program(arguments).into_command()
    }

    fn program(&self, arguments: &[&str]) -> Program {
        let mut program = Program::new(self.folder(), arguments);
        for (name, value) in &self.settings {
            program = program.env(name, value);
        }
        // Whom to trust in TLS is the one thing that the tester's own environment decides.
        match std::env::var("SSL_CERT_FILE") {
            Ok(authority) => program.env("SSL_CERT_FILE", &authority),
            Err(_) => program,
        }
    }
}

impl Serving {
    fn when_ready(mut self) -> Self {
        let deadline = Instant::now() + PATIENCE;
        while self.http.ask("GET", "/health/ready").try_send().is_none_or(|answer| answer.status != 200) {
            let ended = self.child.try_wait().expect("a child can be asked after");
            assert!(ended.is_none() && Instant::now() < deadline, "never ready ({ended:?}): {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
        self
    }

    /// A signal such as `STOP`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill can be run").success(), "it still runs");
    }

    /// Everything it has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("the log is there")
    }

    /// kill -9, and nothing in between.
    pub fn kill(mut self) {
        self.child.kill().expect("it still runs");
        self.child.wait().expect("a killed child ends");
    }

    /// SIGTERM, and how it ended.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be asked after") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Failing means that it has ended already, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A loopback address that nobody has, below the ports that outgoing connections get, so that none of them takes it.
pub fn free_address() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 200).expect("200 is small") * 100;
    loop {
        let address = format!("127.0.0.1:{}", first + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000);
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
}
