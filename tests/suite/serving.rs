//! Starting, answering and stopping: what an operator sees of the server before anything else.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::kit::cable::Cable;
use crate::kit::database::{Database, Engine};
use crate::kit::http::Http;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;
use crate::kit::{Installation, on, on_each_engine};

on_each_engine![
    it_serves_until_it_is_told_to_stop,
    it_starts_again_after_it_was_killed,
    a_port_in_use_is_named_in_one_line,
    a_wrong_setting_stops_the_start_and_is_named,
    a_hangup_reads_the_templates_anew_and_a_broken_one_changes_nothing,
];

/// For anything that takes moments.
const PATIENCE: Duration = Duration::from_secs(60);

fn until(what: &str, done: impl FnMut() -> bool) {
    crate::kit::until(PATIENCE, what, done);
}

fn it_serves_until_it_is_told_to_stop(installation: Installation) {
    let mut serving = installation.serve();
    assert_eq!(serving.http.get("/health/live").status, 200);
    assert_eq!(serving.http.get("/health/ready").status, 200);
    assert_eq!(serving.http.get("/no/such/page").status, 404);
    assert_eq!(serving.terminate().code(), Some(0), "{}", serving.log());
}

fn it_starts_again_after_it_was_killed(installation: Installation) {
    installation.serve().kill();
    let serving = installation.serve();
    assert_eq!(serving.http.get("/health/ready").status, 200, "{}", serving.log());
}

fn a_port_in_use_is_named_in_one_line(mut installation: Installation) {
    let neighbour = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let address = neighbour.local_addr().expect("it has an address").to_string();
    installation.set("LISTEN", &address);
    let message = installation.run(&["serve"]).failed();
    assert!(message.contains(&address), "{message}");
}

fn a_wrong_setting_stops_the_start_and_is_named(mut installation: Installation) {
    installation.set("SMTP_CONNECTIONS", "many");
    let message = installation.run(&["serve"]).failed();
    assert!(message.contains("POSTDUIF_SMTP_CONNECTIONS"), "{message}");
}

fn a_hangup_reads_the_templates_anew_and_a_broken_one_changes_nothing(mut installation: Installation) {
    let double = SmtpDouble::start(Script::offering(&["PIPELINING"]));
    let folder = installation.folder().join("templates");
    std::fs::create_dir(&folder).expect("there is room");
    let own = |text: &str| std::fs::write(folder.join("letter.txt"), text).expect("there is room");
    let built_in = include_str!("../../templates/letter.txt");
    own(&format!("{built_in}\nfrom-the-first\n"));
    installation.set("SMTP_URL", &double.url("tls=none"));
    installation.set("TEMPLATES", folder.to_str().expect("the tests' paths are UTF-8"));
    installation.newsletter();
    let serving = installation.serve();
    let letter_to = |reader: &str| {
        let form = serving.http.ask("POST", "/n/nieuws/subscribe");
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(form.send_body(&format!("email={reader}%40example.org")).status, 303);
        let address = format!("{reader}@example.org");
        until("the letter came", || double.seen().messages.iter().any(|message| message.to == address));
        let seen = double.seen();
        let message = seen.messages.iter().find(|message| message.to == address).expect("it came");
        String::from_utf8_lossy(&message.bytes).into_owned()
    };
    assert!(letter_to("ada").contains("from-the-first"));

    own(&format!("{built_in}\nfrom-the-second\n"));
    serving.signal("HUP");
    until("it was read", || serving.log().contains("are read anew"));
    assert!(letter_to("bob").contains("from-the-second"));

    own("{% if");
    serving.signal("HUP");
    until("it was refused", || serving.log().contains("what held before holds on"));
    assert!(serving.log().contains("letter.txt"), "{}", serving.log());
    assert!(letter_to("cleo").contains("from-the-second"));
}

#[test]
fn a_socket_that_is_handed_over_is_served_and_systemd_hears_how_we_are() {
    on(Engine::Sqlite, |installation: Installation| {
        let handed = TcpListener::bind("127.0.0.1:0").expect("some port is free");
        let address = handed.local_addr().expect("it has an address");
        let place = installation.folder().join("notify");
        let systemd = UnixDatagram::bind(&place).expect("a socket can be made");
        systemd.set_read_timeout(Some(PATIENCE)).expect("a socket has timeouts");
        // As systemd does it: the socket is the third file, and the number of the process is told.
        let script = "export LISTEN_PID=$$ WATCHDOG_PID=$$; exec \"$0\" serve 3<&0 </dev/null";
        let ours = installation.command(&["serve"]);
        let mut shell = std::process::Command::new("sh");
        shell.env_clear().envs(ours.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.current_dir(installation.folder()).args(["-c", script, env!("CARGO_BIN_EXE_postduif")]);
        shell.env("LISTEN_FDS", "1").env("NOTIFY_SOCKET", &place).env("WATCHDOG_USEC", "300000");
        let mut child = shell.stdin(Stdio::from(OwnedFd::from(handed))).spawn().expect("a shell starts");
        let hears = |wanted: &str| {
            let mut bytes = [0; 256];
            until(wanted, || {
                let read = systemd.recv(&mut bytes).expect("it is told in time");
                String::from_utf8_lossy(&bytes[..read]).contains(wanted)
            });
        };
        hears("EXTEND_TIMEOUT_USEC=");
        hears("READY=1");
        hears("WATCHDOG=1");
        let http = Http::to(format!("http://{address}"));
        assert_eq!(http.get("/health/ready").status, 200);
        let signal = |name: &str| {
            let sent = std::process::Command::new("kill").args([name, &child.id().to_string()]).status();
            assert!(sent.expect("kill can be run").success(), "it still runs");
        };
        signal("-HUP");
        hears("RELOADING=1");
        hears("READY=1");
        signal("-TERM");
        hears("STOPPING=1");
        assert_eq!(child.wait().expect("a child ends").code(), Some(0));
    });
}

#[test]
fn a_database_that_does_not_move_makes_us_unready_within_moments_and_is_no_reason_to_die() {
    on(Engine::Postgres, |database: Database| {
        let mut url: url::Url = database.url().parse().expect("the kit wrote the URL");
        let cable = Cable::to(&format!("{}:{}", url.host_str().unwrap_or_default(), url.port().unwrap_or(5432)));
        let mut installation = Installation::from(database);
        installation.newsletter();
        url.set_port(Some(cable.port())).expect("such a URL has a port");
        installation.set("DATABASE_URL", url.as_str());
        let serving = installation.serve();
        cable.freeze();
        // Connections that were used just now are not asked whether they live.
        std::thread::sleep(Duration::from_secs(1));
        let began = Instant::now();
        assert_eq!(serving.http.get("/health/ready").status, 503);
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
        assert_eq!(serving.http.get("/health/live").status, 200);
        let began = Instant::now();
        assert_eq!(serving.http.get("/n/nieuws").status, 503);
        assert!(began.elapsed() < Duration::from_secs(7), "{:?}", began.elapsed());
        cable.thaw();
        until("it was ready again", || serving.http.get("/health/ready").status == 200);
    });
}

#[test]
fn a_database_that_is_not_there_is_named_in_one_line() {
    on(Engine::Sqlite, |mut installation: Installation| {
        installation.set("DATABASE_URL", "postgres://postduif:hunter2@127.0.0.1:9/postduif");
        let began = Instant::now();
        let message = installation.run(&["serve"]).failed();
        assert!(message.contains("connection refused") && message.contains("POSTDUIF_DATABASE_URL"), "{message}");
        assert!(!message.contains("hunter2") && began.elapsed() < Duration::from_secs(5), "{message}");
    });
}
