//! Signing in with an OpenID provider: one of our own, honest and not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use postduif::domain::role::Role;
use serde_json::{Value, json};

use crate::kit::database::Database;
use crate::kit::desk::press;
use crate::kit::house::Served;
use crate::kit::http::Answer;
use crate::kit::on_each_engine;

on_each_engine![
    a_user_comes_in_by_the_provider_and_stays_the_same_there,
    what_comes_back_forged_old_or_from_elsewhere_lets_nobody_in,
    who_is_no_user_here_or_is_shut_out_stays_outside,
];

const SECRET: &str = "a secret: with & signs";

/// An OpenID provider that says what a test wants.
struct Provider {
    address: String,
    key: EcdsaKeyPair,
    said: Arc<Mutex<Said>>,
}

#[derive(Default)]
struct Said {
    /// What the token request is answered with.
    token: String,
    jwks: String,
    /// The last token request: its head and its form.
    asked: (String, String),
}

impl Provider {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
        let address = format!("http://{}", listener.local_addr().expect("it has an address"));
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key is made");
        let point = key.public_key().as_ref();
        let jwk =
            json!({"kty": "EC", "crv": "P-256", "kid": "1", "x": base64(&point[1..33]), "y": base64(&point[33..])});
        let other = json!({"kty": "oct", "k": "c2VjcmV0"});
        let jwks = json!({"keys": [other, jwk]}).to_string();
        let said = Arc::new(Mutex::new(Said { jwks, ..Said::default() }));
        let (held, issuer) = (Arc::clone(&said), address.clone());
        std::thread::spawn(move || {
            for visitor in listener.incoming().flatten() {
                let _ = answer(&visitor, &issuer, &held);
            }
        });
        Self { address, key, said }
    }

    /// A house whose users may sign in here.
    fn house(&self, database: Database) -> Served {
        let served = Served::set(
            database,
            &[
                ("oidc_issuer", &self.address),
                ("oidc_client_id", "postduif"),
                ("oidc_client_secret", SECRET),
                ("oidc_name", "Kantoor-ID"),
                ("oidc_private", "true"),
            ],
        );
        served.seat_of("ada@example.org", Role::Editor);
        served
    }

    fn token(&self, claims: &Value) -> String {
        let head = json!({"alg": "ES256", "kid": "1"});
        let signed = format!("{}.{}", base64(head.to_string()), base64(claims.to_string()));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).expect("it signs");
        format!("{signed}.{}", base64(signature))
    }

    fn grants(&self, token: &str) {
        let answer = json!({"access_token": "x", "token_type": "Bearer", "id_token": token}).to_string();
        self.said.lock().expect("no visit panics").token = answer;
    }

    fn claims(&self, served: &Served, nonce: &str) -> Value {
        let now = served.house.clock.now().as_seconds();
        json!({
            "iss": self.address, "sub": "user-7", "aud": "postduif", "exp": now + 300, "iat": now, "nonce": nonce,
            "email": "Ada@example.org", "email_verified": true,
        })
    }
}

fn answer(visitor: &TcpStream, issuer: &str, said: &Mutex<Said>) -> std::io::Result<()> {
    let mut reader = BufReader::new(visitor);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
        head += &line;
    }
    let mut form = vec![0; length];
    reader.read_exact(&mut form)?;
    let mut said = said.lock().expect("no visit panics");
    let body = match head.split(' ').nth(1).unwrap_or_default() {
        "/.well-known/openid-configuration" => json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
        })
        .to_string(),
        "/keys" => said.jwks.clone(),
        _ => {
            said.asked = (head, String::from_utf8_lossy(&form).into_owned());
            said.token.clone()
        }
    };
    let length = body.len();
    let mut visitor = visitor;
    write!(visitor, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Somebody on the way to the provider.
struct Away {
    browser: String,
    place: url::Url,
}

impl Away {
    fn go(served: &Served) -> Self {
        let ask = served.http.ask("POST", "/admin/login/oidc");
        let page = press(ask, &[("next", "/admin/account")]);
        assert_eq!(page.status, 200, "{}", page.text());
        let text = page.text();
        let (_, rest) = text.split_once("content=\"0; url=").expect("the page leads on");
        let place = rest.split('"').next().expect("it ends").replace("&amp;", "&");
        let browser = page.cookie("postduif-provider").expect("the browser keeps something");
        Self { browser, place: place.parse().expect("it is an address") }
    }

    fn said(&self, name: &str) -> String {
        let mut pairs = self.place.query_pairs();
        pairs.find(|(found, _)| found == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    fn back(&self, served: &Served, query: &str) -> Answer {
        let ask = served.http.ask("GET", &format!("/admin/login/oidc/back?{query}"));
        ask.header("cookie", &format!("postduif-provider={}", self.browser)).send()
    }

    fn arrive(&self, served: &Served) -> Answer {
        self.back(served, &format!("code=the-code&state={}", self.said("state")))
    }
}

fn a_user_comes_in_by_the_provider_and_stays_the_same_there(database: Database) {
    let provider = Provider::open();
    let served = provider.house(database);
    assert!(served.http.get("/admin/login").text().contains("Kantoor-ID"), "the button names the provider");
    let away = Away::go(&served);
    assert!(away.place.as_str().starts_with(&format!("{}/authorize?tenant=1&", provider.address)), "{}", away.place);
    assert_eq!([away.said("response_type"), away.said("client_id")], ["code", "postduif"]);
    assert!(away.said("redirect_uri").ends_with("/admin/login/oidc/back") && away.said("scope").contains("openid"));
    provider.grants(&provider.token(&provider.claims(&served, &away.said("nonce"))));
    let head = served.http.ask("HEAD", &format!("/admin/login/oidc/back?code=c&state={}", away.said("state")));
    head.header("cookie", &format!("postduif-provider={}", away.browser)).send();
    let arrived = away.arrive(&served);
    assert_eq!((arrived.status, arrived.header("location")), (303, "/admin/account"), "{}", arrived.text());
    let session = arrived.cookie("postduif").expect("signed in");
    let account = served.http.ask("GET", "/admin/account").header("cookie", &format!("postduif={session}")).send();
    assert_eq!(account.status, 200);

    let (head, form) = provider.said.lock().expect("no visit panics").asked.clone();
    let form: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let sent = |name: &str| form.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
    assert_eq!(
        (sent("grant_type").as_deref(), sent("code").as_deref()),
        (Some("authorization_code"), Some("the-code"))
    );
    let challenge = base64(digest(&SHA256, sent("code_verifier").expect("PKCE").as_bytes()));
    assert_eq!((away.said("code_challenge"), away.said("code_challenge_method")), (challenge, "S256".to_owned()));
    let pair = BASE64_STANDARD.encode("postduif:a+secret%3A+with+%26+signs");
    assert!(head.contains(&format!("Basic {pair}")), "{head}");

    // Known by the subject from now on, whatever the address there; never by the address of another subject.
    let away = Away::go(&served);
    let mut claims = provider.claims(&served, &away.said("nonce"));
    claims["email"] = json!("ada.lovelace@example.org");
    provider.grants(&provider.token(&claims));
    assert_eq!(away.arrive(&served).status, 303);
    let away = Away::go(&served);
    let mut claims = provider.claims(&served, &away.said("nonce"));
    claims["sub"] = json!("user-8");
    provider.grants(&provider.token(&claims));
    let refused = away.arrive(&served);
    assert!(refused.status == 400 && refused.cookie("postduif").is_none(), "{}", refused.text());
    assert_eq!(served.database.texts("select email || ' ' || role from users"), ["ada@example.org editor"]);
}

fn what_comes_back_forged_old_or_from_elsewhere_lets_nobody_in(database: Database) {
    let provider = Provider::open();
    let served = provider.house(database);
    let refused = |answer: &Answer, why: &str| {
        assert_eq!((answer.status, answer.cookie("postduif")), (400, None), "{why}");
    };
    type Forgery = fn(&mut Value);
    let forgeries: [(&str, Forgery); 4] = [
        ("nonce", |claims| claims["nonce"] = json!("of another")),
        ("audience", |claims| claims["aud"] = json!("another")),
        ("issuer", |claims| claims["iss"] = json!("https://evil.example")),
        ("age", |claims| claims["exp"] = json!(1)),
    ];
    for (why, forge) in forgeries {
        let away = Away::go(&served);
        let mut claims = provider.claims(&served, &away.said("nonce"));
        forge(&mut claims);
        provider.grants(&provider.token(&claims));
        refused(&away.arrive(&served), why);
    }
    let away = Away::go(&served);
    let claims = provider.claims(&served, &away.said("nonce"));
    let unsigned = format!("{}.{}.", base64(json!({"alg": "none"}).to_string()), base64(claims.to_string()));
    provider.grants(&unsigned);
    refused(&away.arrive(&served), "a token that nobody signed");

    let away = Away::go(&served);
    provider.grants(&provider.token(&provider.claims(&served, &away.said("nonce"))));
    refused(&away.back(&served, "code=c&state=another"), "another state");
    let stranger = Away { browser: "0".repeat(64), place: away.place.clone() };
    refused(&stranger.arrive(&served), "another browser");
    refused(&served.http.get(&format!("/admin/login/oidc/back?code=c&state={}", away.said("state"))), "no cookie");
    assert_eq!(away.arrive(&served).status, 303, "and the one it was meant for still comes in");
    refused(&away.arrive(&served), "twice");
    let late = Away::go(&served);
    provider.grants(&provider.token(&provider.claims(&served, &late.said("nonce"))));
    served.wait(Duration::from_secs(601));
    refused(&late.arrive(&served), "too late");
    let no = Away::go(&served);
    let said = no.back(&served, &format!("error=access_denied&state={}", no.said("state")));
    refused(&said, "the provider said no");
    assert!(said.text().contains("Je bent bij Kantoor-ID niet ingelogd"), "{}", said.text());
    assert_eq!(
        served.http.ask("POST", "/admin/login/oidc").header("origin", "https://evil.example").send_body("").status,
        403
    );
}

fn who_is_no_user_here_or_is_shut_out_stays_outside(database: Database) {
    let provider = Provider::open();
    let served = provider.house(database);
    let come = |change: &dyn Fn(&mut Value)| {
        let away = Away::go(&served);
        let mut claims = provider.claims(&served, &away.said("nonce"));
        change(&mut claims);
        provider.grants(&provider.token(&claims));
        away.arrive(&served)
    };
    let stranger = come(&|claims| claims["email"] = json!("eve@example.org"));
    assert!(stranger.status == 400 && stranger.text().contains("geen account"), "{}", stranger.text());
    assert_eq!(come(&|claims| claims["email_verified"] = json!(false)).status, 400, "an address nobody has verified");
    assert_eq!(served.database.texts("select cast(count(*) as text) from users"), ["1"], "nobody is made");
    assert_eq!(come(&|_| ()).status, 303);
    served.cli(&["user", "disable", "ada@example.org"]).done();
    assert_eq!(come(&|_| ()).status, 400);
    let other = Served::with(Database::fresh(served.database.engine()).expect("there is another"));
    assert!(!other.http.get("/admin/login").text().contains("oidc"));
    assert_eq!(press(other.http.ask("POST", "/admin/login/oidc"), &[]).status, 404);
}
