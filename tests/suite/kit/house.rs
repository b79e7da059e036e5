//! A house at work for one test: served on a free port, its clock in the test's hand, its letters open to read.

use std::sync::Arc;
use std::time::Duration;

use postduif::app::{self, Parts, Running};
use postduif::clock::Clock;
use postduif::config::Config;
use postduif::domain::letter::Letter;
use postduif::domain::newsletter::NewsletterChange;
use postduif::domain::role::Role;
use postduif::domain::scope::Scope;
use postduif::domain::time::Timestamp;
use postduif::domain::token::{Link, Purpose};
use postduif::flows::tokens::{self, NewToken};
use postduif::flows::{House, newsletters};
use tokio::runtime::Runtime;

use super::database::{Database, Engine};
use super::http::{Answer, Http};
use super::program::{Outcome, Program};

/// 2026-02-02 at nine in the morning in Amsterdam: any working day will do.
const MORNING: i64 = 1_770_019_200;
/// Any secret that is long enough.
const SECRET: &str = "cG9zdGR1aWYgdGVzdHMgaGF2ZSBhIHNlY3JldCBvZiA0MCBieXRlcw==";

/// Pages and API of one house, without its workers: what is owed stays in the outbox, where a test can read it.
pub struct Served {
    pub http: Http,
    pub house: House,
    pub database: Database,
    running: Option<Running>,
    runtime: Arc<Runtime>,
}

impl Served {
    /// The secret of every such house.
    pub const SECRET: &str = SECRET;

    /// With one newsletter, `ibp`.
    pub fn with(database: Database) -> Self {
        Self::set(database, &[])
    }

    /// With settings of its own.
    pub fn set(database: Database, settings: &[(&str, &str)]) -> Self {
        let served = Self::open(database, settings);
        served.run(newsletters::create(&served.house, newsletter())).expect("a newsletter is made");
        served
    }

    /// With what is in the database already.
    pub fn again(database: Database) -> Self {
        Self::open(database, &[])
    }

    fn open(database: Database, settings: &[(&str, &str)]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = Arc::new(runtime.expect("a runtime starts"));
        let values = [("listen", "127.0.0.1:0"), ("database_url", database.url()), ("secret_key", SECRET)];
        let values: Vec<_> = values.into_iter().chain(settings.iter().copied()).collect();
        let config = Config::from_values(&values).expect("the test's settings are right");
        let running = runtime.block_on(async {
            let clock = Clock::manual(Timestamp::from_seconds(MORNING));
            let house = app::build(config, clock).await.expect("the house is built");
            app::serve(house, Parts::Web).await.expect("the house is served")
        });
        let house = running.house.clone();
        let address = running.address.expect("the web part listens");
        let http = Http::to(format!("http://{address}"));
        Self { http, house, database, running: Some(running), runtime }
    }

    /// Where the metrics are.
    pub fn metrics_address(&self) -> std::net::SocketAddr {
        self.running.as_ref().and_then(Running::metrics_address).expect("the test asked for metrics")
    }

    /// Runs the program on this house's database, as an operator would beside the server.
    pub fn cli(&self, arguments: &[&str]) -> Outcome {
        let arguments = [arguments, &["--database-url", self.database.url()]].concat();
        Program::new(self.database.folder(), &arguments).env("POSTDUIF_SECRET_KEY", SECRET).run()
    }

    /// The same, with something to read on standard input.
    pub fn cli_with(&self, arguments: &[&str], input: &str) -> Outcome {
        let arguments = [arguments, &["--database-url", self.database.url()]].concat();
        Program::new(self.database.folder(), &arguments).env("POSTDUIF_SECRET_KEY", SECRET).run_with(input)
    }

    /// Runs a flow of the house to its end.
    pub fn run<T>(&self, flow: impl Future<Output = T>) -> T {
        self.runtime.block_on(flow)
    }

    /// Lets so much time pass.
    pub fn wait(&self, span: Duration) {
        self.house.clock.set(self.house.clock.now().plus(span));
    }

    /// Sends the sign-up form as a browser would.
    pub fn subscribe(&self, email: &str) -> Answer {
        self.form("/n/ibp/subscribe", &[("email", email)])
    }

    /// Sends a form as a browser would from another site.
    pub fn form(&self, place: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.http.ask("POST", place).header("content-type", "application/x-www-form-urlencoded").send_body(&body)
    }

    /// Every letter that is owed, oldest first, as `(recipient, letter)`.
    pub fn letters(&self) -> Vec<(String, Letter)> {
        let rows = self.database.texts("select recipient || ' ' || body from outbox order by id");
        let letter = |row: &String| {
            let (recipient, body) = row.split_once(' ').expect("there is a space");
            (recipient.to_owned(), serde_json::from_str(body).expect("a letter is JSON"))
        };
        rows.iter().map(letter).collect()
    }

    /// The token in the newest letter to this address: to confirm, to one's own data, or else to leave.
    pub fn token(&self, recipient: &str) -> String {
        let letters = self.letters();
        let (_, letter) = letters.iter().rfind(|(to, _)| to == recipient).expect("a letter is owed to this address");
        let (purpose, link) = match letter {
            Letter::Confirm { link, .. } => (Purpose::Confirm, link),
            Letter::Preferences { link, .. } => (Purpose::Identity, link),
            Letter::Password { link, .. } => (Purpose::Password, link),
            Letter::ConfirmNewAddress { link, .. } => (Purpose::Move, link),
            Letter::Welcome { link, .. } | Letter::AlreadySubscribed { link, .. } => (Purpose::Unsubscribe, link),
            other => panic!("a letter without such a token: {}", other.kind()),
        };
        self.house.keys.seal(purpose, &unhex(link))
    }

    /// Signs up and confirms; gives the token to leave.
    pub fn confirmed(&self, email: &str) -> String {
        assert_eq!(self.subscribe(email).status, 303);
        let answer = self.form(&format!("/c/{}", self.token(email)), &[]);
        assert_eq!(answer.status, 200, "{}", answer.text());
        self.token(email)
    }

    /// Confirmed readers `reader-1@example.org` and so on, put there behind the program's back: many in no time.
    pub fn readers(&self, count: usize) {
        let random = match self.database.engine() {
            Engine::Sqlite => "randomblob(16)",
            Engine::Postgres => "uuid_send(gen_random_uuid())",
        };
        self.database.sql(&format!(
            "insert into subscribers (email, email_key, address_hash, domain, language, created_at, updated_at) \
             with recursive n(i) as (select 1 union all select i + 1 from n where i < {count}) select \
             'reader-' || i || '@example.org', 'reader-' || i || '@example.org', {random}, 'example.org', 'nl', 0, 0 from n"
        ));
        self.database.sql(&format!(
            "insert into subscriptions (link, subscriber_id, newsletter_id, status, requested_at, confirmed_at) \
             select {random}, s.id, n.id, 'confirmed', 0, 0 from subscribers s cross join newsletters n \
             where s.email like 'reader-%'"
        ));
    }

    /// Where the subscription of this address stands.
    pub fn status(&self, email: &str) -> String {
        let query = format!(
            "select s.status from subscriptions s join subscribers p on p.id = s.subscriber_id where p.email = '{email}'"
        );
        self.database.texts(&query).pop().unwrap_or_default()
    }

    /// What the consent records say happened, oldest first.
    pub fn consents(&self) -> Vec<String> {
        self.database.texts("select event from consent_records order by id")
    }

    /// A token for the API.
    pub fn api_token(&self, role: Role) -> String {
        self.api_token_for(role, &[])
    }

    /// The same, for these scopes alone.
    pub fn api_token_for(&self, role: Role, scopes: &[Scope]) -> String {
        let new = NewToken { name: "test", role, scopes, expires_at: None, actor: "a test" };
        self.run(tokens::create(&self.house, new)).expect("a token is made").0
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

/// The newsletter that tests begin with.
pub fn newsletter() -> NewsletterChange {
    let text = |text: &str| Some(text.to_owned());
    NewsletterChange {
        slug: text("ibp"),
        title: text("Nieuwsbrief IB&P"),
        from: text("IB&P <nieuws@example.nl>"),
        organisation: text("IB&P Voorbeeldadvies"),
        postal_address: text("Voorbeeldstraat 1, 1234 AB Voorbeeldstad"),
        ..NewsletterChange::default()
    }
}

/// The bytes that a letter's link stands for.
pub fn unhex(text: &str) -> Link {
    let bytes: Vec<u8> =
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect();
    bytes.try_into().expect("a link is 16 bytes")
}
