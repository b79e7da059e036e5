//! Traces: what a collector is told of what happens inside, and what nobody is ever told.

use crate::kit::database::Engine;
use crate::kit::{Installation, on};

#[cfg(not(feature = "otel"))]
#[test]
fn a_program_built_without_traces_says_so_and_minds_no_variable_of_others() {
    on(Engine::Sqlite, |mut installation: Installation| {
        let mut command = installation.command(&["migrate"]);
        let minded = command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9").status();
        assert!(minded.expect("the program starts").success(), "it is set for others");
        installation.set("OTLP_ENDPOINT", "http://127.0.0.1:4318");
        let message = installation.run(&["serve"]).failed();
        assert!(message.contains("otlp_endpoint") && message.contains("--features otel"), "{message}");
    });
}

#[cfg(feature = "otel")]
mod with_a_collector {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::kit::smtp_double::SmtpDouble;
    use crate::kit::smtp_double::script::Script;

    /// Takes whatever comes, and keeps it.
    fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        let kept = Arc::<Mutex<Vec<u8>>>::default();
        let keeping = Arc::clone(&kept);
        std::thread::spawn(move || {
            for visitor in listener.incoming().flatten() {
                let keeping = Arc::clone(&keeping);
                std::thread::spawn(move || take(&visitor, &keeping));
            }
        });
        (address, kept)
    }

    /// Request after request of one connection.
    fn take(visitor: &std::net::TcpStream, kept: &Mutex<Vec<u8>>) {
        let mut reader = BufReader::new(visitor);
        loop {
            let (mut length, mut line) = (0, String::new());
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a number");
                }
                if line.starts_with("POST") {
                    assert!(line.contains(" /v1/traces "), "{line}");
                }
                line.clear();
            }
            let mut body = vec![0; length];
            if length == 0 || reader.read_exact(&mut body).is_err() {
                return;
            }
            kept.lock().expect("nothing here panics").extend(body);
            let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
            if (&mut &*visitor).write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    #[test]
    fn a_collector_is_told_of_requests_and_sendings_and_of_nobody() {
        on(Engine::Sqlite, |mut installation: Installation| {
            let (address, kept) = collector();
            let double = SmtpDouble::start(Script::offering(&["PIPELINING"]));
            installation.set("SMTP_URL", &double.url("tls=none"));
            installation.set("TRUSTED_PROXIES", "127.0.0.1/32");
            installation.newsletter();
            installation.readers(20, "reader.example");
            installation.set("OTLP_ENDPOINT", &address);
            let mut serving = installation.serve();
            let form = serving.http.ask("POST", "/n/nieuws/subscribe");
            let form = form.header("content-type", "application/x-www-form-urlencoded");
            let form = form.header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
            assert_eq!(form.send_body("email=ada%40reader.example").status, 303);
            assert_eq!(serving.http.get("/u/7K3M9QXA2H4VB6TD8EFG").status, 404);
            let edition = installation.publish();
            installation.sent(&edition);
            assert_eq!(serving.terminate().code(), Some(0), "{}", serving.log());
            let told = kept.lock().expect("nothing here panics").clone();
            let says = |words: &[u8]| told.windows(words.len()).any(|part| part == words);
            for words in [
                "service.name",
                "postduif",
                "POST /n/{slug}/subscribe",
                "GET /u/{token}",
                "http.response.status_code",
                "assemble",
                "freeze",
                "claim",
                "connection",
                "127.0.0.1",
                "deliveries",
                "messages",
            ] {
                assert!(says(words.as_bytes()), "nothing was said of {words}");
            }
            let trace =
                [0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c];
            assert!(says(&trace), "the proxy's own trace goes on");
            for words in ["reader.example", "ada@", "ada%40", "7K3M9QXA2H4VB6TD8EFG", "@example.org"] {
                assert!(!says(words.as_bytes()), "{words} was told");
            }
            // Nor does the log say more than without.
            assert!(!serving.log().contains("otel.kind"), "{}", serving.log());
        });
    }
}
