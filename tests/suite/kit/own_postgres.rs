//! A PostgreSQL server of a test's own, which may crash.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::installation::free_address;

pub struct OwnPostgres {
    folder: TempDir,
    programs: PathBuf,
    port: String,
}

impl OwnPostgres {
    /// Nothing where PostgreSQL is not tested, or its programs are not here.
    pub fn start() -> Option<Self> {
        super::given("DATABASE_URL")?;
        let mut versions: Vec<PathBuf> =
            std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin")).collect();
        versions.sort();
        let programs = versions.pop().filter(|programs| programs.join("initdb").exists())?;
        let folder = TempDir::with_prefix("postduif-postgres-").expect("a temporary folder can be made");
        let all = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(folder.path(), all).expect("it is ours");
        let port = free_address().rsplit_once(':').map(|(_, port)| port.to_owned()).expect("an address has a port");
        let server = Self { folder, programs, port };
        let data = server.data();
        server.run("initdb", &["--pgdata", path(&data), "--username=postgres", "--auth=trust", "--no-sync"]);
        let folder = path(server.folder.path());
        // What is not waited for stays in its memory for as long as possible: a crash loses it for certain.
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nunix_socket_directories = '{folder}'\nport = {}\nfsync = off\n\
             shared_buffers = 32MB\nwal_buffers = 16MB\nwal_writer_delay = 10s\nwal_writer_flush_after = 1GB\n",
            server.port
        );
        server.shell(&format!("cat >>'{}/postgresql.conf' <<'END'\n{settings}END", path(&data)));
        server.begin();
        Some(server)
    }

    /// The URL of its own database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Every process of it dies, and what it had not written is gone.
    pub fn crash(&self) {
        self.run("pg_ctl", &["--pgdata", path(&self.data()), "--mode=immediate", "--silent", "stop"]);
    }

    /// It starts, for the first time or after a crash.
    pub fn begin(&self) {
        let log = self.folder.path().join("log");
        self.run("pg_ctl", &["--pgdata", path(&self.data()), "--log", path(&log), "--wait", "--silent", "start"]);
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let words: Vec<String> = std::iter::once(path(&program)).chain(arguments.iter().copied()).map(quoted).collect();
        self.shell(&format!("{} >/dev/null", words.join(" ")));
    }

    /// PostgreSQL does not run as root.
    fn shell(&self, script: &str) {
        let as_somebody =
            "if [ \"$(id -u)\" = 0 ]; then exec runuser -u postgres -- sh -c \"$1\"; fi; exec sh -c \"$1\"";
        let status = Command::new("sh")
            .args(["-c", as_somebody, "sh", script])
            .current_dir(self.folder.path())
            .status()
            .expect("there is a shell");
        assert!(status.success(), "{script}");
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        self.crash();
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a temporary folder has a plain name")
}

fn quoted(word: &str) -> String {
    format!("'{word}'")
}
