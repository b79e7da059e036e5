//! Somebody at the editor's desk: a browser's cookies and headers, without the browser.

use aws_lc_rs::hmac;
use postduif::domain::language::Language;
use postduif::domain::role::Role;
use postduif::flows::sign_in;
use postduif::flows::users::{self, Addition};

use super::house::Served;
use super::http::{Answer, Ask, Http};

/// A signed-in user.
pub struct Seat {
    pub http: Http,
    /// As the browser sends it.
    pub cookie: String,
}

impl Served {
    /// A new user of this role, signed in, whose desk is in English. Without a password: hashing takes its time.
    pub fn seat(&self, role: Role) -> Seat {
        self.seat_of(&format!("{role}@example.org"), role)
    }

    /// The same under an address of one's own.
    pub fn seat_of(&self, email: &str, role: Role) -> Seat {
        let house = &self.house;
        let token = self.run(async {
            let user = Addition { email, name: "", role, language: Language::En, password: None };
            let user = users::add(house, user, "a test").await.expect("a user is added");
            let mut tx = house.db.write().await.expect("the database takes it");
            let tokens = sign_in::begin(house, &mut tx, &user, None, false).await.expect("a session begins");
            tx.commit().await.expect("the database keeps it");
            tokens.session
        });
        Seat { http: self.http.clone(), cookie: format!("postduif={token}") }
    }
}

impl Seat {
    /// A request with the user's cookie.
    pub fn ask(&self, method: &str, place: &str) -> Ask<'_> {
        self.http.ask(method, place).header("cookie", &self.cookie)
    }

    pub fn get(&self, place: &str) -> Answer {
        self.ask("GET", place).send()
    }

    /// Presses a button on a page of the desk.
    pub fn press(&self, place: &str, fields: &[(&str, &str)]) -> Answer {
        press(self.ask("POST", place), fields)
    }

    /// Presses a button that asks once more on a page of its own, and the button of that page.
    pub fn press_sure(&self, place: &str, fields: &[(&str, &str)]) -> Answer {
        let asked = self.press(place, fields);
        let text = asked.text();
        assert!(asked.status == 200 && text.contains("name=\"sure\" value=\"yes\""), "{place}: {text}");
        for (name, value) in fields {
            assert!(text.contains(&format!("name=\"{name}\"")), "{name}={value} is not carried along: {text}");
        }
        self.press(place, &[fields, &[("sure", "yes")]].concat())
    }
}

/// The code that an app would show for a key in base 32 (RFC 6238), worked out by other means than ours.
pub fn app_code(secret: &str, second: i64) -> String {
    let bits: String = secret
        .bytes()
        .map(|letter| match letter {
            b'A'..=b'Z' => format!("{:05b}", letter - b'A'),
            _ => format!("{:05b}", letter - b'2' + 26),
        })
        .collect();
    let key: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).expect("digits"), 2).expect("eight bits"))
        .collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &(second / 30).to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let four: [u8; 4] = tag.as_ref()[at..at + 4].try_into().expect("four bytes");
    format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}

/// Sends a form as a browser does from our own page.
pub fn press(ask: Ask<'_>, fields: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let ask = ask.header("content-type", "application/x-www-form-urlencoded").header("sec-fetch-site", "same-origin");
    ask.send_body(&body)
}
