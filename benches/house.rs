//! `cargo bench`: what the whole product does a second, beside its mail server and its visitors. Prints Markdown tables.
//!
//! `READERS=1000000 cargo bench` measures with as many readers; without it, a hundred thousand. `benches/send.sh` holds
//! the rate of sending against Postfix's own load generator; this measures everything else that people wait for.
//! `POSTDUIF_TEST_DATABASE_URL=postgres://…`, an empty database, measures PostgreSQL instead of SQLite,
//! and makes `postduif_reference` beside it.

mod house {
    pub mod client;
    pub mod program;
    pub mod reference;
    pub mod sink;
}

use std::time::{Duration, Instant};

use house::client::{self, Load};
use house::program::Program;
use house::reference::one_transaction_per_request;
use house::sink::Sink;

/// So many visitors at once sign up.
const VISITORS: usize = 64;
/// Who looks at the desk.
const USER: (&str, &str) = ("editor@example.org", "vier woorden die niemand raadt");
/// So many readers press the button to unsubscribe, or a fifth of fewer.
const MOST_PRESSES: usize = 2_000;
/// How long visitors are measured.
const VISIT: Duration = Duration::from_secs(8);

#[tokio::main]
async fn main() {
    // `cargo test --benches` and `cargo bench -- --list` ask for nothing that is here.
    if std::env::args().any(|argument| argument == "--list" || argument == "--test") {
        return;
    }
    let readers: usize = std::env::var("READERS").map_or(100_000, |count| count.parse().expect("READERS is a number"));
    let sink = Sink::open(Duration::ZERO).await;
    let program = Program::new(&sink.address());
    println!("| what | with | measured |\n|---|---|---|");
    let tell = |what: &str, with: &str, measured: String| println!("| {what} | {with} | {measured} |");
    let engine = program.engine();

    program.run(&["newsletter", "create", "bench", "--title", "Bench", "--from", "Bench <bench@example.org>"]);
    let list = program.list(readers);
    let began = Instant::now();
    let import = ["subscriber", "import", &list, "--newsletter", "bench", "--consent", "made up for a measurement"];
    let most = program.measure(&import);
    let took = began.elapsed().as_secs_f64();
    let measured = format!("{took:.1} s, {:.0} rows/s, {most} MiB at most", readers as f64 / took);
    tell("import", &format!("{readers} rows, {engine}"), measured);

    let began = Instant::now();
    let mut serving = program.serve().await;
    tell("start to ready", &format!("{readers} subscribers"), format!("{:.2} s", began.elapsed().as_secs_f64()));

    let reference = one_transaction_per_request(&program.reference().await, VISITORS, VISIT).await;
    let load = client::sign_ups(&program.address, VISITORS, VISIT).await;
    let with = format!("{VISITORS} visitors, durable");
    tell("sign-ups", &with, format!("{:.0}/s, p50 {:.0} ms, p99 {:.0} ms", load.rate(), load.p(50), load.p(99)));
    tell(
        "the same load",
        &format!("{engine}, a pool of 10, one transaction a request, no web server"),
        format!("{:.0}/s", reference.rate()),
    );
    tell("ratio", "", format!("{:.1}", load.rate() / reference.rate()));
    sink.settle().await;

    program.user(USER.0, USER.1);
    let edition = program.edition();
    sink.begin();
    let began = Instant::now();
    program.run(&["edition", "send", &edition]);
    let first = sink.first().await - began;
    tell("first mail", &format!("{readers} readers"), format!("{:.2} s after the command began", first.as_secs_f64()));
    let presses = MOST_PRESSES.min(readers / 5);
    let clicks = client::one_clicks(&program.address, sink.tokens(presses).await).await;
    let with = "while the edition goes out";
    tell("one-click unsubscribe", with, format!("p50 {:.0} ms, p99 {:.0} ms", clicks.p(50), clicks.p(99)));
    let (rates, done) = sink.rates(readers - readers / 100).await;
    let most = serving.memory();
    // Few are through before anything of this can be told.
    if !rates.is_empty() {
        tell("sending", &format!("{readers} readers, {} kB", sink.size() / 1024), format!("{:.0}/s", done));
    }
    if rates.len() >= 10 {
        let tenth = rates.len() / 10;
        let (early, late) = (Load::average(&rates[..tenth]), Load::average(&rates[rates.len() - tenth..]));
        tell("the last tenth ÷ the first", "", format!("{:.2}", late / early));
    }
    tell("memory at most", &format!("{readers} readers"), format!("{most} MiB"));

    let result = format!("/admin/editions/{edition}/result");
    let places = ["/n/bench", "/admin", "/admin/subscribers", "/admin/editions", &result];
    for (place, load) in places.iter().zip(client::pages(&program.address, USER, &places, 50).await) {
        let place = place.replace(&edition, "N");
        tell(&place, &format!("{readers} subscribers"), format!("p50 {:.0} ms, p99 {:.0} ms", load.p(50), load.p(99)));
    }
    serving.stop();

    let slow = Sink::open(Duration::from_millis(20)).await;
    let program = Program::new(&slow.address());
    program.run(&["newsletter", "create", "bench", "--title", "Bench", "--from", "Bench <bench@example.org>"]);
    let list = program.list(3_000);
    program.run(&["subscriber", "import", &list, "--newsletter", "bench", "--consent", "made up for a measurement"]);
    let edition = program.edition();
    let mut serving = program.serve().await;
    slow.begin();
    program.run(&["edition", "send", &edition]);
    slow.first().await;
    let (_, rate) = slow.rates(2_900).await;
    tell("sending", "20 ms before each reply, 10 connections", format!("{rate:.0}/s"));
    serving.stop();
}
