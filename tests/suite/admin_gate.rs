//! The gate of the desk: every route, for every role, from every place a request may come from.

use postduif::domain::role::Role;
use postduif::web::admin::{Needs, Route, table};

use crate::kit::database::{Database, Engine};
use crate::kit::desk::{Seat, press};
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![every_route_asks_for_its_role, no_button_works_from_another_place];

/// A path with its parameters filled in: of things that do not exist, so that nothing can happen to them.
fn place(route: &Route) -> String {
    let mut place = String::new();
    for part in route.path.split('/').skip(1) {
        place.push('/');
        place.push_str(if part.starts_with('{') { "999999" } else { part });
    }
    place
}

fn every_route_asks_for_its_role(database: Database) {
    let served = Served::with(database);
    let seats: Vec<(Role, Seat)> = Role::ALL.iter().map(|role| (*role, served.seat(*role))).collect();
    for route in table() {
        let place = place(route);
        for (method, needs) in route.methods {
            let Needs::Role(needed) = needs else { continue };
            let method = method.to_uppercase();
            let stranger = served.http.ask(&method, &place).header("sec-fetch-site", "same-origin").send();
            let way_in = stranger.header("location").starts_with("/admin/login");
            assert!(stranger.status == 303 && way_in, "{method} {place}: {}", stranger.status);
            for (role, seat) in seats.iter().filter(|(role, _)| !role.may(*needed)) {
                let refused = press(seat.ask(&method, &place), &[]);
                assert_eq!(refused.status, 403, "{method} {place} as {role}");
            }
            let (_, seat) = seats.iter().find(|(role, _)| role.may(*needed)).expect("an admin may everything");
            if method == "GET" {
                assert!(![403, 405, 500].contains(&seat.get(&place).status), "GET {place} as {needed}");
            }
        }
    }
}

fn no_button_works_from_another_place(database: Database) {
    let served = Served::with(database);
    let seat = served.seat(Role::Admin);
    let before = everything(&served);
    let mut buttons = 0;
    for route in table() {
        let place = place(route);
        if !route.methods.iter().any(|(method, _)| *method == "post") {
            continue;
        }
        buttons += 1;
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "cross-site"), ("origin", "null")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[],
        ] {
            for kind in ["application/x-www-form-urlencoded", "text/plain", "application/json"] {
                let ask = seat.ask("POST", &place).header("content-type", kind);
                let ask = headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value));
                let answer = ask.send_body("what=token&token_name=x&email=eve%40evil.example&role=admin");
                assert_eq!(answer.status, 403, "POST {place} {headers:?} {kind}");
            }
        }
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
            let answer = seat.ask(method, &place).header("origin", "https://evil.example").send();
            assert!([403, 405].contains(&answer.status), "{method} {place}: {}", answer.status);
        }
        if !route.methods.iter().any(|(method, _)| *method == "get") {
            assert_eq!(seat.get(&place).status, 303, "GET {place}");
        }
        seat.get(&format!("{place}?what=token&token_name=x&email=eve%40evil.example&role=admin"));
    }
    assert!(buttons > 2, "there are buttons to press");
    assert_eq!(everything(&served), before, "nothing has changed");
}

/// What stands in the tables that the desk writes.
fn everything(served: &Served) -> Vec<String> {
    ["users", "sessions", "api_tokens", "newsletters", "editions", "subscriptions", "outbox", "user_links", "audit_log"]
        .iter()
        .map(|table| served.database.texts(&format!("select cast(count(*) as text) from {table}")).concat())
        .collect()
}

#[test]
fn every_page_of_the_desk_says_what_it_may_load_and_that_nobody_keeps_it() {
    let Some(database) = Database::fresh(Engine::Sqlite) else { return };
    let served = Served::with(database);
    let seat = served.seat(Role::Admin);
    let pages = table().filter(|route| route.methods.iter().any(|(method, _)| *method == "get"));
    for place in pages.map(place).chain(["/admin/nothing".to_owned()]) {
        let answer = seat.get(&place);
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{place}: {policy}");
        assert_eq!(answer.header("cache-control"), "no-store", "{place}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{place}");
        assert_eq!(answer.header("x-robots-tag"), "noindex", "{place}");
        let text = answer.text();
        assert!(!text.contains(" style=\"") && !text.contains("onclick"), "{place}");
    }
}
