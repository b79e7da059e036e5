//! Previews and test mails: they look like the real thing, and whatever is done with their links, nothing happens.

use postduif::mail::sample::SAMPLE_TOKEN;

use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![the_links_of_previews_and_test_mails_answer_and_change_nothing];

fn the_links_of_previews_and_test_mails_answer_and_change_nothing(database: Database) {
    let served = Served::with(database);
    served.confirmed("ada@example.nl");
    let consents = served.consents();
    let (leaving, data) = (format!("/u/{SAMPLE_TOKEN}"), format!("/p/{SAMPLE_TOKEN}"));
    for (place, says) in
        [(&leaving, "In de echte nieuwsbrief kun je je hier afmelden"), (&data, "je gegevens wijzigen")]
    {
        for answer in [
            served.http.get(place),
            served.form(place, &[]),
            served.form(place, &[("action", "unsubscribe")]),
            served.form(place, &[("action", "erase"), ("confirm", "yes")]),
        ] {
            assert_eq!(answer.status, 200, "{place}");
            assert!(
                answer.text().contains(says) && answer.text().contains("Er is niets veranderd"),
                "{}",
                answer.text()
            );
            assert_eq!((answer.header("cache-control"), answer.header("x-robots-tag")), ("no-store", "noindex"));
            assert!(!answer.text().contains("<button"), "there is nothing to press: {}", answer.text());
        }
        let english = served.http.get(&format!("{place}?language=en"));
        assert!(english.text().contains("Nothing has changed."), "{}", english.text());
    }
    let one_click = served.form(&leaving, &[("List-Unsubscribe", "One-Click")]);
    assert_eq!((one_click.status, one_click.text().as_str()), (200, ""));
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    let asked = served.http.ask("POST", &leaving).header("content-type", "multipart/form-data; boundary=x");
    assert_eq!(asked.send_body(multipart).status, 200);
    assert_eq!((served.status("ada@example.nl").as_str(), served.consents()), ("confirmed", consents));
}
