//! Starting, answering and stopping: what an operator sees of the server before anything else.

use std::net::TcpListener;

use crate::kit::{Installation, on_each_engine};

on_each_engine![
    it_serves_until_it_is_told_to_stop,
    it_starts_again_after_it_was_killed,
    a_port_in_use_is_named_in_one_line,
    a_wrong_setting_stops_the_start_and_is_named,
];

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
