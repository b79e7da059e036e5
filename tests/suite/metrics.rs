//! Metrics: on a listener of their own, counted right, and without anybody's address or name.

use crate::kit::house::Served;
use crate::kit::http::Http;
use crate::kit::on_each_engine;

on_each_engine![the_numbers_are_served_on_a_port_of_their_own_and_name_nobody];

fn the_numbers_are_served_on_a_port_of_their_own_and_name_nobody(database: crate::kit::database::Database) {
    let served = Served::set(database, &[("metrics_listen", "127.0.0.1:0")]);
    served.confirmed("ada@example.org");
    served.subscribe("bob@example.org");
    served.subscribe("no address");
    served.form("/n/ibp/subscribe", &[("email", "robot@example.org"), ("website", "x")]);
    assert_eq!(served.http.get("/metrics").status, 404);
    let metrics = Http::to(format!("http://{}", served.metrics_address()));
    let page = metrics.get("/metrics");
    assert!(page.status == 200 && page.header("content-type").starts_with("text/plain"), "{}", page.text());
    let text = page.text();
    let has = |line: &str| assert!(text.lines().any(|have| have.starts_with(line)), "{line} in:\n{text}");
    has("postduif_build_info{version=\"");
    has("postduif_subscribers{state=\"active\"} 1");
    has("postduif_subscribers{state=\"pending\"} 1");
    has("postduif_subscribers{state=\"suppressed\"} 0");
    has("postduif_signups_total{result=\"accepted\"} 2");
    has("postduif_signups_total{result=\"honeypot\"} 1");
    has("postduif_signups_total{result=\"invalid\"} 1");
    has("postduif_signups_total{result=\"ratelimited\"} 0");
    has("postduif_confirm_page_views_total ");
    has("postduif_confirmations_total 1");
    has("postduif_unsubscribes_total{via=\"oneclick\"} 0");
    has("postduif_messages_total{kind=\"issue\",outcome=\"accepted\"} 0");
    has("postduif_messages_total{kind=\"system\",outcome=\"accepted\"} 0");
    has("postduif_messages_uncertain 0");
    has("postduif_smtp_transaction_duration_seconds_count{phase=\"data\"} 0");
    has("postduif_smtp_connections{state=\"open\"} 0");
    has("postduif_lease_held{job=\"sending\"} 0");
    has("postduif_bounces_total{class=\"unmatched\"} 0");
    has("postduif_webhook_deliveries_total{outcome=\"failed\"} 0");
    has("postduif_queue_messages{kind=\"system\",state=\"queued\"} 3");
    // What has not come yet has no line, so that no alarm takes it for long ago.
    assert!(!text.contains("\npostduif_backup_last_success"), "{text}");
    has("postduif_http_request_duration_seconds_count{method=\"POST\",route=\"/n/{slug}/subscribe\",status=\"303\"} 3");
    assert!(!text.contains("example.org") && !text.contains("ibp"), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        assert!(name.starts_with("postduif_") && value.parse::<f64>().is_ok(), "{line}");
    }
    // What was counted outlives the process, and what other nodes count is added.
    served.cli(&["subscriber", "unsubscribe", "ada@example.org"]).done();
    served.wait(std::time::Duration::from_secs(60));
    let text = metrics.get("/metrics").text();
    assert!(text.contains("postduif_unsubscribes_total{via=\"operator\"} 1\n"), "{text}");
    assert_eq!(metrics.get("/health/ready").status, 200);
}
