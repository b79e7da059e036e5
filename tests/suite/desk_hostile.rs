//! What strangers say reaches the desk's pages as words alone: names and notes, what sources and mail servers answer, where
//! webhooks lead, mail that came back. Nothing runs, and nothing even tries to.

use std::time::Duration;

use postduif::domain::role::Role;
use postduif::flows::keep_schedule;

use crate::desk_editions::{draft, send};
use crate::kit::browser::{Browser, Script};
use crate::kit::database::{Database, Engine};
use crate::kit::house::Served;

const HOSTILE: &str = "\"><script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\">\
                       <svg onload=document.title='hacked'>'</pre></title></textarea>";

#[test]
fn what_strangers_say_runs_nowhere_at_the_desk_and_nothing_tries_to() {
    let (Some(browser), Some(database)) = (Browser::open(Script::On), Database::fresh(Engine::Sqlite)) else { return };
    let served = Served::set(database, &[("smtp_url", "smtp://127.0.0.1:9?tls=none"), ("offline", "true")]);
    let admin = served.seat(Role::Admin);
    let edition = draft(&served, &admin);
    let sql = |text: &str| served.database.sql(&text.replace("HOSTILE", &HOSTILE.replace('\'', "''")));
    // In the name of the newsletter, the house, the user; in what a source answers and calls itself.
    sql("update newsletters set title = 'HOSTILE', organisation = 'HOSTILE', description = 'HOSTILE'");
    sql("update users set name = 'HOSTILE'");
    sql(
        "insert into sources (newsletter_id, url, title, section, created_at, next_fetch_at, failures, last_error, gap) \
         select id, 'https://www.example.nl/?HOSTILE', 'HOSTILE', 'blogs', 0, 0, 4, 'HOSTILE', 'HOSTILE' from newsletters",
    );
    // In a note about a person, and the reason why somebody is blocked.
    let person = served.database.texts("select cast(id as text) from subscribers").concat();
    let place = format!("/admin/subscribers/{person}");
    admin.press_sure(&place, &[("action", "unsubscribe"), ("newsletter", "ibp"), ("note-ibp", HOSTILE)]);
    let block = [("action", "add"), ("add", "bob@example.nl"), ("reason", "manual"), ("note", HOSTILE)];
    admin.press("/admin/suppressions", &block);
    served.confirmed("cas@example.nl");
    // In a webhook's address and what it answers, and a token's name.
    let url = format!("https://hooks.example.org/a?{HOSTILE}#{HOSTILE}");
    admin.press("/admin/settings/webhooks", &[("what", "add"), ("url", &url)]);
    sql("insert into webhook_deliveries (webhook_id, uid, event, body, next_at, created_at, attempts, last_answer) \
         select id, 'msg_1', 'HOSTILE', '{}', 0, 0, 3, 'HOSTILE' from webhooks");
    let token = [("what", "token"), ("token_name", HOSTILE), ("token_role", "viewer"), ("token_expires", "")];
    admin.press("/admin/settings/users", &token);
    // In what the doctor was told, and what a mail server says to each recipient and to a test mail.
    sql("insert into doctor_runs (at, check_name, status, message) values (1, 'HOSTILE', 'fail', 'HOSTILE')");
    let approve = format!("{edition}/approve");
    let override_it = [("seen", "on"), ("override", HOSTILE)];
    send(&admin, &admin.get(&format!("{edition}/check")), &approve, &override_it);
    let sending = format!("{edition}/send");
    send(&admin, &admin.get(&sending), &sending, &[("when", "now")]);
    served.wait(Duration::from_secs(301));
    served.run(keep_schedule::keep(&served.house)).expect("the schedule is kept");
    let begun = served.database.texts("select cast(count(*) as text) from editions where started_at is not null");
    assert_eq!(begun, ["1"], "it goes out: {}", admin.get(&sending).text());
    sql(
        "insert into deliveries (edition_id, seq, subscription_id, email, domain, state, attempts, next_at, reply, reason, \
         finished_at) select e.id, 1, s.id, 'HOSTILE', 'HOSTILE', 'rejected', 1, 0, '550 HOSTILE', 'HOSTILE', 1 \
         from editions e, subscriptions s where s.status = 'confirmed'",
    );
    sql("update editions set audience = 1, rejected = 1, status = 'sent', finished_at = 1");
    sql("insert into unclassified_mail (at, edition_id, seq, subscription_id, channel, subject, words) \
         select 0, id, 1, 1, 'listener', 'HOSTILE', 'HOSTILE' from editions");

    browser.go(&served.http.address("/admin/login"));
    let (name, value) = admin.cookie.split_once('=').expect("a cookie has a name");
    browser.cookie(name, value, "/admin");
    browser.forbidden();
    let webhook = served.database.texts("select cast(id as text) from webhooks").concat();
    for place in [
        "/admin",
        "/admin/editions",
        "/admin/articles",
        "/admin/subscribers",
        place.as_str(),
        "/admin/suppressions",
        "/admin/reconfirm",
        "/admin/import",
        "/admin/account",
        "/admin/settings/sender",
        "/admin/settings/sources",
        "/admin/settings/form",
        "/admin/settings/users",
        "/admin/settings/feedback",
        "/admin/settings/webhooks",
        &format!("/admin/settings/webhooks/{webhook}"),
        "/admin/settings/system",
        &format!("{edition}/result"),
        &format!("{edition}/evidence"),
        &format!("{edition}/check"),
        &format!("{edition}/preview"),
        "/n/ibp",
        "/n/ibp/archive",
        "/n/ibp/archive/1",
    ] {
        browser.go(&served.http.address(place));
        assert!(browser.has("main"), "{place} is a page: {}", browser.title());
        std::thread::sleep(Duration::from_millis(150));
        assert_ne!(browser.title(), "hacked", "{place}");
        let tried = browser.forbidden();
        assert!(tried.is_empty(), "{place}: {tried:#?}");
    }
    let feed = served.http.get("/n/ibp/feed.xml").text();
    assert!(feed.contains("hacked") && !feed.contains("<script") && !feed.contains("<img src=x"), "{feed}");
    browser.go(&served.http.address("/n/ibp/feed.xml"));
    std::thread::sleep(Duration::from_millis(150));
    assert_ne!(browser.title(), "hacked");
}
