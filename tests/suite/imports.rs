//! Lists from elsewhere: refused whole where they are broken, tried out, gone on with, taken back, and brought home.

use serde_json::{Value, json};

use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![
    a_broken_file_is_refused_by_its_lines_and_changes_nothing,
    a_list_is_tried_out_without_changing_anything,
    an_import_that_broke_off_goes_on_and_counts_everybody_once,
    an_import_is_taken_back_but_not_what_people_did_since,
    what_leaves_by_an_export_comes_home_the_same,
    when_people_confirmed_elsewhere_is_kept,
];

fn put(served: &Served, name: &str, content: impl AsRef<[u8]>) {
    std::fs::write(served.database.folder().join(name), content).unwrap();
}

fn ordered<'a>(name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let order = ["subscriber", "import", name, "--newsletter", "ibp", "--consent", "paper forms of May"];
    [&order[..], more].concat()
}

fn imported(served: &Served, name: &str) -> Value {
    served.cli(&ordered(name, &["--json"])).json().remove(0)
}

fn counts(answer: &Value) -> [u64; 5] {
    ["rows", "imported", "unchanged", "suppressed", "rejected"].map(|name| answer[name].as_u64().unwrap())
}

fn people(served: &Served) -> Vec<String> {
    served.database.texts(
        "select p.email || ' ' || p.language || ' ' || p.format || ' ' || s.status || ' ' || cast(s.confirmed_at as text) \
         from subscribers p join subscriptions s on s.subscriber_id = p.id order by p.email",
    )
}

fn a_broken_file_is_refused_by_its_lines_and_changes_nothing(database: Database) {
    let served = Served::with(database);
    let good = "anna@example.nl,Anna\n";
    let broken: [(&[u8], &str); 20] = [
        (b"email,name\nanna@example.nl,\"Anna\nbob@example.nl,Bob\n", "line 2: opens a quote"),
        (b"email,name\nanna@example.nl,Anna\nbob@example.nl\n", "line 3: has 1 cells"),
        (b"email,name\nanna@example.nl,Anna\nbob@example.nl,Bob,x\n", "line 3: has 3 cells"),
        (b"email,name\nanna@example.nl,\"An\"na\n", "line 2: goes on behind a closing quote"),
        (b"email,name\nanna@example.nl,An\0na\n", "line 2: holds a zero byte"),
        (b"email;name\nanna@example.nl;Anna\nbob@example.nl,Bob\n", "line 3: has 1 cells"),
        (b"email\tname\nanna@example.nl\tAnna\nbob@example.nl Bob\n", "line 3: has 1 cells"),
        (b"\xef\xbb\xbf\"email\",\"name\"\n\"anna@example.nl\",\"Anna\\\"\n", "line 2: opens a quote"),
        (b"email,name\r\nanna@example.nl,Anna\r\nbob@example.nl\r\n", "line 3: has 1 cells"),
        (b"email,name\n\n\nanna@example.nl,Anna\n\"bob@example.nl\"Bob\n", "line 5: goes on behind"),
        (b"email,name\nanna@example.nl,Anna\n\"", "line 3: opens a quote"),
        (b"email,note\nanna@example.nl,\"two\nlines\"\nbob@example.nl\n", "line 4: has 1 cells"),
        (
            b"email,name\nanna@example.nl,a,b,c,d\nbob@example.nl\n",
            "line 2: has 5 cells, and the first line has 2; line 3",
        ),
        (b"PK\x03\x04 anna@example.nl", "ZIP"),
        (b"\xff\xfee\0m\0a\0i\0l\0\n\0", "UTF-16"),
        (b"", "empty"),
        (b"\n\n\n", "empty"),
        (b"name,phone\nAnna,06\n", "its columns are: name, phone"),
        (b"anna@example.nl\nbob@example.nl\n", "no column"),
        (b"<html><body>login</body></html>\n", "no column"),
    ];
    for (number, (file, told)) in broken.iter().enumerate() {
        let name = format!("broken-{number}.csv");
        put(&served, &name, file);
        let said = served.cli(&ordered(&name, &[])).failed();
        assert!(said.contains(told), "{number}: {said}");
    }
    let long = format!("email,name\n{good}bob@example.nl,\"{}\n", "a".repeat(2_000_000));
    put(&served, "long.csv", long);
    assert!(served.cli(&ordered("long.csv", &[])).failed().contains("line 3: "));
    for table in ["subscribers", "suppressions", "consent_records", "import_batches"] {
        assert_eq!(served.database.texts(&format!("select cast(count(*) as text) from {table}")), ["0"], "{table}");
    }
}

fn a_list_is_tried_out_without_changing_anything(database: Database) {
    let served = Served::with(database);
    served.confirmed("known@example.nl");
    put(
        &served,
        "list.csv",
        "email,status\nnew@example.nl,active\nNEW@example.nl,active\nknown@example.nl,\nleft@example.nl,unsubscribed\nbad@,\n",
    );
    let before = (people(&served), served.consents());
    let tried = served.cli(&ordered("list.csv", &["--dry-run", "--json"])).json().remove(0);
    assert_eq!((counts(&tried), &tried["batch"]), ([5, 1, 2, 1, 1], &Value::Null));
    assert_eq!((people(&served), served.consents()), before);
    assert!(served.database.texts("select reason from suppressions").is_empty());
    assert_eq!(counts(&imported(&served, "list.csv")), [5, 1, 2, 1, 1], "it happens as it was told");
}

fn an_import_that_broke_off_goes_on_and_counts_everybody_once(database: Database) {
    let served = Served::with(database);
    put(&served, "list.csv", "email\na@example.nl\nbad\nb@example.nl\nc@example.nl\nworse\n");
    let whole = imported(&served, "list.csv");
    assert_eq!(counts(&whole), [5, 3, 0, 0, 2]);
    // As it would be, had the process died after the third row.
    served.database.sql("delete from subscribers where email = 'c@example.nl'");
    served
        .database
        .sql("update import_batches set state = 'running', finished_at = null, read = 3, imported = 2, rejected = 1");
    std::fs::remove_file(served.database.folder().join("list.csv.rejected.csv")).unwrap();
    let resumed = imported(&served, "list.csv");
    assert_eq!(resumed, whole);
    assert_eq!(people(&served).len(), 3);
    let report = std::fs::read_to_string(served.database.folder().join("list.csv.rejected.csv")).unwrap();
    assert!(report.contains("\n3,bad,") && report.contains("\n6,worse,"), "{report}");
    let again = imported(&served, "list.csv");
    assert_eq!((counts(&again), &again["batch"]), ([5, 0, 3, 0, 2], &json!(2)));
    served.cli(&["consent", "verify"]).done();
}

fn an_import_is_taken_back_but_not_what_people_did_since(database: Database) {
    let served = Served::with(database);
    served.subscribe("pending@example.nl");
    let list = "email,status\na@example.nl,\nb@example.nl,\nleaver@example.nl,\nreturner@example.nl,\npending@example.nl,\n\
                gone@example.nl,bounced\n";
    put(&served, "list.csv", list);
    let batch = imported(&served, "list.csv")["batch"].to_string();
    assert_eq!(served.status("pending@example.nl"), "confirmed");
    served.cli(&["subscriber", "unsubscribe", "leaver@example.nl"]).done();
    served.database.sql(
        "update subscriptions set status = 'unsubscribed' where subscriber_id = (select id from subscribers \
                         where email = 'returner@example.nl')",
    );
    served.confirmed("returner@example.nl");
    let undone = served.cli(&["subscriber", "import", "--undo", &batch, "--json"]).json().remove(0);
    assert_eq!((&undone["subscriptions"], &undone["suppressions"]), (&json!(3), &json!(1)));
    let left: Vec<String> = ["a", "b", "leaver", "returner", "pending"]
        .iter()
        .map(|name| served.status(&format!("{name}@example.nl")))
        .collect();
    assert_eq!(left, ["", "", "unsubscribed", "confirmed", "pending"]);
    // Whom we knew by the list alone is forgotten; who had asked themselves waits again.
    let ended = |what: &str| served.consents().iter().filter(|event| *event == what).count();
    assert_eq!((ended("import-undone"), ended("erased")), (1, 2));
    let again = served.cli(&["subscriber", "import", "--undo", &batch, "--json"]).json().remove(0);
    assert_eq!(again["subscriptions"], 0);
    assert!(served.cli(&["subscriber", "import", "--undo", "99"]).failed().contains("no import 99"));
    served.cli(&["consent", "verify"]).done();
}

fn what_leaves_by_an_export_comes_home_the_same(database: Database) {
    let engine = database.engine();
    let served = Served::with(database);
    served.confirmed("ada@example.nl");
    served.confirmed("bob@example.nl");
    served.cli(&["subscriber", "add", "=cas@example.nl", "--newsletter", "ibp", "--consent", "by telephone"]).done();
    served.database.sql("update subscribers set language = 'en', format = 'text' where email = 'bob@example.nl'");
    served.cli(&["suppression", "add", "spam@example.nl", "--reason", "complained"]).done();
    served.cli(&["suppression", "add", "boss@example.nl", "--note", "asked by letter"]).done();
    served.confirmed("left@example.nl");
    served.cli(&["subscriber", "unsubscribe", "left@example.nl"]).done();
    served.wait(std::time::Duration::from_secs(86_400));
    let out = served.cli(&["subscriber", "export"]).done();
    let lines = served.cli(&["subscriber", "export", "--json"]).json();
    assert_eq!(lines.len(), 6);

    let Some(database) = Database::fresh(engine) else { return };
    let home = Served::with(database);
    home.wait(std::time::Duration::from_secs(2 * 86_400));
    put(&home, "all.csv", &out);
    assert_eq!(counts(&imported(&home, "all.csv")), [6, 3, 0, 3, 0]);
    let confirmed =
        |served: &Served| people(served).into_iter().filter(|one| one.contains(" confirmed ")).collect::<Vec<_>>();
    assert_eq!(confirmed(&home), confirmed(&served));
    let blocked = home.database.texts("select email || ' ' || reason from suppressions order by email");
    assert_eq!(blocked, ["boss@example.nl manual", "left@example.nl unsubscribed", "spam@example.nl complained"]);
    let evidence = home.cli(&["consent", "export", "ada@example.nl"]).json().remove(0);
    let record = &evidence["records"][0];
    assert!(record["text"].as_str().unwrap().contains("Aanmelden"), "{record}");
    assert!(
        record["origin"].as_str().unwrap().starts_with("all.csv (postduif), confirmed there 2026-02-02T"),
        "{record}"
    );
    put(&home, "again.csv", home.cli(&["subscriber", "export", "--newsletter", "ibp"]).done());
    assert_eq!(counts(&imported(&home, "again.csv"))[2], 3);
}

fn when_people_confirmed_elsewhere_is_kept(database: Database) {
    let served = Served::with(database);
    let fixture = format!("{}/tests/fixtures/import/mailchimp-subscribed.csv", env!("CARGO_MANIFEST_DIR"));
    put(&served, "mailchimp-subscribed.csv", std::fs::read(fixture).unwrap());
    imported(&served, "mailchimp-subscribed.csv");
    let shown = served.cli(&["subscriber", "show", "anna@gemeente-voorbeeld.example", "--json"]).json().remove(0);
    let subscription = &shown["subscriptions"][0];
    assert_eq!(
        (&subscription["requested_at"], &subscription["confirmed_at"]),
        (&json!("2023-02-12T17:59:31Z"), &json!("2023-02-12T18:06:58Z"))
    );
    let origin = "mailchimp-subscribed.csv (Mailchimp), confirmed there 2023-02-12T18:06:58Z";
    assert_eq!(shown["consent"][0]["origin"], json!(origin));
}
