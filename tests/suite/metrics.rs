//! Metrics: on a listener of their own, counted right, and without anybody's address or name.

use crate::kit::house::Served;
use crate::kit::http::Http;
use crate::kit::on_each_engine;

on_each_engine![the_numbers_are_served_on_a_port_of_their_own_and_name_nobody];

fn the_numbers_are_served_on_a_port_of_their_own_and_name_nobody(database: crate::kit::database::Database) {
    let served = Served::set(database, &[("metrics_listen", "127.0.0.1:0")]);
    served.confirmed("ada@example.org");
    served.subscribe("bob@example.org");
    assert_eq!(served.http.get("/metrics").status, 404);
    let metrics = Http::to(format!("http://{}", served.metrics_address()));
    let page = metrics.get("/metrics");
    assert!(page.status == 200 && page.header("content-type").starts_with("text/plain"), "{}", page.text());
    let text = page.text();
    let has = |line: &str| assert!(text.lines().any(|have| have.starts_with(line)), "{line} in:\n{text}");
    has("postduif_build_info{version=\"");
    has("postduif_subscriptions{status=\"confirmed\"} 1");
    has("postduif_subscriptions{status=\"pending\"} 1");
    has("postduif_messages_total{kind=\"edition\",outcome=\"accepted\"} 0");
    has("postduif_queue_messages{kind=\"letter\",state=\"queued\"} 3");
    has("postduif_http_request_duration_seconds_count{method=\"POST\",route=\"/n/{slug}/subscribe\",status=\"303\"} 2");
    assert!(!text.contains("example.org") && !text.contains("ibp"), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        assert!(name.starts_with("postduif_") && value.parse::<f64>().is_ok(), "{line}");
    }
}
