//! A source that could not be read is told where an editor looks: on the edition, in its check, and in the notice about it.

use std::collections::BTreeMap;
use std::time::Duration;

use postduif::domain::letter::Letter;
use postduif::domain::role::Role;
use postduif::flows::collect_articles::{self, NewSource};
use postduif::flows::keep_schedule;

use crate::kit::database::Database;
use crate::kit::feeds::Site;
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![
    what_a_source_may_have_kept_from_an_edition_is_told_where_its_editor_looks,
    that_there_was_nothing_new_is_told_with_who_could_not_be_asked,
];

const DAY: Duration = Duration::from_secs(24 * 3600);
const FEED: &str = "<rss version=\"2.0\"><channel><title>Het dorp</title><item><title>Een</title>\
                    <link>https://www.example.org/een</link></item></channel></rss>";

fn house(database: Database) -> (Served, Site) {
    let (served, site) = (Served::set(database, &[("offline", "true")]), Site::open());
    served.database.sql("update newsletters set notify = 'editor@example.org'");
    served.confirmed("ada@example.nl");
    (served, site)
}

fn source(served: &Served, url: &str) {
    let source = NewSource { url, section: "blogs", category_sections: BTreeMap::new(), allow_private: true };
    served.run(collect_articles::add(&served.house, "ibp", source)).expect("it is added");
}

/// Reads every source; how many could not be read.
fn failed(served: &Served) -> usize {
    let readings = served.run(collect_articles::fetch_all(&served.house, None)).expect("the database takes it");
    readings.iter().filter(|reading| reading.error.is_some()).count()
}

/// Lets the schedule make an edition now.
fn assemble(served: &Served) {
    let now = served.house.clock.now().as_micros();
    served.database.sql(&format!("update newsletters set next_assemble_at = {now}"));
    served.run(keep_schedule::keep(&served.house)).expect("the schedule is kept");
}

/// Subject and text of the last notice.
fn notice(served: &Served) -> (String, String) {
    match served.letters().pop() {
        Some((_, Letter::Notice { subject, text, .. })) => (subject, text),
        other => panic!("no notice: {other:?}"),
    }
}

fn what_a_source_may_have_kept_from_an_edition_is_told_where_its_editor_looks(database: Database) {
    let (served, site) = house(database);
    source(&served, &site.show("/feed/", FEED));
    assert_eq!(failed(&served), 0);
    site.hide("/feed/");
    served.wait(2 * DAY);
    assert_eq!(failed(&served), 1);
    assemble(&served);
    let (subject, text) = notice(&served);
    assert_eq!(subject, "Concept klaar: nieuwsbrief 1");
    let sentence = "Het dorp kon sinds maandag 2 februari 2026 om 09:00 niet worden gelezen. Artikelen van daarna \
                    ontbreken misschien. Reden: the server answers 404";
    assert!(text.contains(sentence), "{text}");
    let seat = served.seat(Role::Editor);
    let edition = served.database.texts("select cast(id as text) from editions").concat();
    let page = |tab: &str| seat.get(&format!("/admin/editions/{edition}/{tab}")).text();
    let sentence = "Het dorp could not be read since Monday 2 February 2026 at 09:00. Articles published after that \
                    may be missing. Reason: the server answers 404";
    for tab in ["content", "check"] {
        assert!(page(tab).contains(sentence), "{tab}: {}", page(tab));
    }
    let found = served.cli(&["edition", "preflight", &edition, "--json"]).json().remove(0);
    let findings = found["findings"].as_array().expect("there are findings");
    let told = findings.iter().find(|finding| finding["check"] == "sources").expect("it is among them");
    assert_eq!(told["severity"], "warning");
    // Read again, it has told everything, and what it told can be put into the draft.
    let more = FEED
        .replace("</channel>", "<item><title>Twee</title><link>https://www.example.org/twee</link></item></channel>");
    site.show("/feed/", &more);
    assert_eq!(failed(&served), 0);
    assert!(!page("content").contains("could not be read") && page("content").contains("Twee"), "{}", page("content"));
    assert!(!page("check").contains("could not be read"));
}

fn that_there_was_nothing_new_is_told_with_who_could_not_be_asked(database: Database) {
    let (served, site) = house(database);
    let url = site.show("/feed/", FEED);
    site.hide("/feed/");
    source(&served, &url);
    assemble(&served);
    let (subject, text) = notice(&served);
    assert_eq!(subject, "Geen nieuwe artikelen voor de nieuwsbrief");
    let sentence =
        format!("{url} kon nog nooit worden gelezen. Al zijn artikelen ontbreken. Reden: the server answers 404");
    assert!(text.contains(&sentence), "{text}");
}
