//! What the tests are written with: a house of their own, and people and servers to meet it.

pub mod browser;
pub mod cable;
pub mod database;
pub mod desk;
pub mod dice;
pub mod disk;
pub mod dns;
pub mod feeds;
pub mod house;
pub mod http;
pub mod imap_double;
pub mod installation;
pub mod own_postgres;
pub mod postfix;
pub mod postman;
pub mod program;
pub mod smtp_double;
pub mod wordpress;

use std::time::{Duration, Instant};

use database::{Database, Engine};
pub use installation::Installation;

/// What `tests/run` tells the tests in `POSTDUIF_TEST_…`; without it a test that needs it says so and is skipped.
pub fn given(what: &str) -> Option<String> {
    let name = format!("POSTDUIF_TEST_{what}");
    let value = std::env::var(&name).ok();
    if value.is_none() {
        println!("skipped: {name} is not set (tests/run sets it)");
    }
    value
}

/// Runs one test body on one engine, in a database, or an installation with one, that nobody else has.
pub fn on<T: From<Database>>(engine: Engine, test: fn(T)) {
    if let Some(database) = Database::fresh(engine) {
        println!("on {engine:?}");
        test(database.into());
    }
}

/// Waits until something is so, looking every few milliseconds, and fails when that takes longer than `patience`.
pub fn until(patience: Duration, what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !done() {
        assert!(Instant::now() < deadline, "it took too long until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Runs what is asynchronous to its end, on a thread of its own: the caller may be inside a runtime already.
pub fn wait<T: Send, F: Future<Output = T>>(what: impl FnOnce() -> F + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .expect("a runtime starts");
            runtime.block_on(what())
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Makes each named function two tests, `name::on_sqlite` and `name::on_postgres`.
macro_rules! on_each_engine {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use crate::kit::{database::Engine, on};

            #[test]
            fn on_sqlite() {
                on(Engine::Sqlite, super::$name);
            }

            #[test]
            fn on_postgres() {
                on(Engine::Postgres, super::$name);
            }
        }
    )+};
}
pub(crate) use on_each_engine;
