//! Lists from elsewhere: refused whole where they are broken, tried out, gone on with, taken back, and brought home.

use serde_json::{Value, json};

use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![
    a_broken_file_is_refused_by_its_lines_and_changes_nothing,
    a_list_is_tried_out_without_changing_anything,
    an_import_that_broke_off_goes_on_and_counts_everybody_once,
    an_import_that_broke_off_in_the_middle_of_a_window_goes_on_with_who_is_left,
    an_import_is_taken_back_but_not_what_people_did_since,
    what_leaves_by_an_export_comes_home_the_same,
    when_people_confirmed_elsewhere_is_kept,
    a_list_of_addresses_that_must_not_be_mailed_is_taken_over,
    of_several_lists_one_is_chosen,
    who_left_elsewhere_after_confirming_here_or_is_gone_is_not_mailed,
    a_report_is_made_before_anything_is_changed,
    what_comes_wrapped_is_unwrapped,
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
        (b"\xff\xfen\0a\0m\0e\0\n\0", "its columns are: name"),
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
    // As it would be, had the process of an earlier version died after the third row.
    served.database.sql("delete from subscribers where email = 'c@example.nl'");
    served.database.sql(
        "update import_batches set state = 'running', finished_at = null, read = 3, imported = 2, rejected = 1, at_once = 0",
    );
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

fn an_import_that_broke_off_in_the_middle_of_a_window_goes_on_with_who_is_left(database: Database) {
    let served = Served::with(database);
    let rows: String = (0..6_000).map(|n| format!("reader{n}@example.nl\n")).collect();
    put(&served, "list.csv", format!("email\n{rows}bad\nreader7@example.nl\nREADER4000@example.nl\n"));
    let whole = imported(&served, "list.csv");
    assert_eq!(counts(&whole), [6_003, 6_000, 2, 0, 1]);
    // As it would be, had the process died when all but the last five hundred rows were taken: those with the greatest hashes.
    let last = "select s.id from subscriptions s join subscribers p on p.id = s.subscriber_id order by p.address_hash desc \
                limit 400";
    served.database.sql(&format!("delete from subscriptions where id in ({last})"));
    let known = served.database.texts("select cast(count(*) as text) from subscribers");
    assert_eq!(known, ["6000"], "they are known ahead of their subscriptions");
    let gone = served.database.texts(
        "select email from subscribers p where not exists (select 1 from subscriptions s where s.subscriber_id = p.id)",
    );
    let twice = ["reader7@example.nl", "reader4000@example.nl"].iter().filter(|one| gone.contains(&(**one).to_owned()));
    let twice = twice.count();
    let (read, unchanged) = (6_003 - 400 - twice, 2 - twice);
    served.database.sql(&format!(
        "update import_batches set state = 'running', finished_at = null, read = {read}, imported = 5600, \
         unchanged = {unchanged}, rejected = 1, ahead = 0"
    ));
    assert_eq!(imported(&served, "list.csv"), whole);
    let count = served.database.texts("select cast(count(*) as text) from subscriptions where status = 'confirmed'");
    assert_eq!(count, ["6000"]);
    served.cli(&["consent", "verify"]).done();
    // And had it been taken back instead, nobody would be left whom nothing is known of but that.
    served.database.sql(&format!("delete from subscriptions where id in ({last})"));
    served.database.sql("update import_batches set state = 'running', finished_at = null, ahead = 0");
    served.cli(&["subscriber", "import", "--undo", "1"]).done();
    assert_eq!(served.database.texts("select cast(count(*) as text) from subscribers"), ["0"]);
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

fn a_list_of_addresses_that_must_not_be_mailed_is_taken_over(database: Database) {
    let served = Served::with(database);
    served.confirmed("anna@example.nl");
    let blocks = |name: &str, more: &[&str]| {
        let answer = served.cli(&[&["suppression", "import", name, "--json"], more].concat()).json().remove(0);
        ["rows", "imported", "unchanged", "rejected"].map(|count| answer[count].as_u64().unwrap())
    };
    let suppressed = || {
        let query = "select email || ' ' || reason || ' ' || coalesce(note, '') from suppressions order by email";
        served.database.texts(query)
    };
    let head =
        "Email,Reason\nanna@example.nl,HardBounce\nbob@example.nl,SpamComplaint\ncarl@example.nl,\nBOB@example.nl,\n";
    put(&served, "blocks.csv", format!("{head}bad@\n"));
    assert!(served.cli(&["suppression", "import", "blocks.csv"]).failed().contains("line 6: has 1 cells"));
    put(&served, "blocks.csv", format!("{head}bad@,\n"));
    assert_eq!(blocks("blocks.csv", &["--dry-run"]), [5, 3, 1, 1]);
    assert!(suppressed().is_empty());
    assert_eq!(blocks("blocks.csv", &[]), [5, 3, 1, 1]);
    assert_eq!(suppressed(), ["anna@example.nl bounced ", "bob@example.nl complained ", "carl@example.nl imported "]);
    let report = std::fs::read_to_string(served.database.folder().join("blocks.csv.rejected.csv")).unwrap();
    assert!(report.contains("\n6,bad@,"), "{report}");
    assert_eq!(blocks("blocks.csv", &[]), [5, 0, 4, 1], "doing it twice changes nothing");
    put(&served, "more.csv", "email\ncarl@example.nl\ndora@example.nl\n");
    assert_eq!(blocks("more.csv", &["--reason", "complained", "--note", "by phone"]), [2, 1, 1, 0]);
    assert_eq!(suppressed()[2..], ["carl@example.nl complained ", "dora@example.nl complained by phone"]);
    assert_eq!(served.status("anna@example.nl"), "confirmed", "what they asked for stays on record");
    put(&served, "subscribers.csv", "email\nanna@example.nl\ndora@example.nl\n");
    assert_eq!(counts(&imported(&served, "subscribers.csv"))[3], 2, "a suppression wins");
}

fn of_several_lists_one_is_chosen(database: Database) {
    let served = Served::with(database);
    let mailpoet = "\u{feff}\"Email\",\"List status\",\"Global status\",\"List\"\n\
        \"anna@example.nl\",\"subscribed\",\"subscribed\",\"Nieuws\"\n\
        \"bob@example.nl\",\"subscribed\",\"subscribed\",\"Cursussen\"\n\
        \"carl@example.nl\",\"subscribed\",\"bounced\",\"Nieuws\"\n";
    put(&served, "mailpoet.csv", mailpoet);
    let said = served.cli(&ordered("mailpoet.csv", &[])).failed();
    assert!(said.contains("--list") && said.contains("“Nieuws” (1 people)") && said.contains("Cursussen"), "{said}");
    assert!(served.cli(&ordered("mailpoet.csv", &["--list", "Post"])).failed().contains("no list “Post”"));
    let answer = served.cli(&ordered("mailpoet.csv", &["--list", "cursussen", "--json"])).json().remove(0);
    assert_eq!(counts(&answer), [3, 1, 0, 0, 2]);
    assert_eq!([served.status("anna@example.nl"), served.status("bob@example.nl")], ["", "confirmed"]);

    let phplist = "id\tEmail\tIs this subscriber confirmed\tIs this subscriber blacklisted\tList Membership\n\
        1\tdora@example.nl\t1\t0\tNieuws; Test; \n\
        2\temil@example.nl\t1\t0\tTest; \n\
        3\tfrank@example.nl\t1\t0\tNo Lists\n\
        4\tgert@example.nl\t1\t1\tNo Lists\n";
    put(&served, "phplist.csv", phplist);
    assert!(served.cli(&ordered("phplist.csv", &[])).failed().contains("“Test” (2 people)"));
    let answer = served.cli(&ordered("phplist.csv", &["--list", "Nieuws", "--json"])).json().remove(0);
    assert_eq!(counts(&answer), [4, 1, 0, 1, 2]);
    let report = std::fs::read_to_string(served.database.folder().join("phplist.csv.rejected.csv")).unwrap();
    assert!(report.contains("4,frank@example.nl,") && report.contains("on no list there"), "{report}");
    assert!(report.contains("3,emil@example.nl,") && report.contains("“Test”"), "{report}");
}

fn who_left_elsewhere_after_confirming_here_or_is_gone_is_not_mailed(database: Database) {
    let settings = [("signups_per_network", "0")];
    let served = Served::set(database, &settings);
    for name in ["before", "after", "unknown", "gone", "blocked"] {
        served.confirmed(&format!("{name}@example.nl"));
    }
    put(
        &served,
        "left.csv",
        "email,status,UNSUB_TIME\nbefore@example.nl,unsubscribed,2020-01-01 10:00:00\n\
         after@example.nl,unsubscribed,2026-03-01 10:00:00\nunknown@example.nl,unsubscribed,\ngone@example.nl,cleaned,\n\
         blocked@example.nl,blocklisted,\n",
    );
    assert_eq!(counts(&imported(&served, "left.csv")), [5, 0, 1, 4, 0]);
    let status = |name: &str| served.status(&format!("{name}@example.nl"));
    assert_eq!(
        ["before", "after", "unknown", "gone", "blocked"].map(status),
        ["confirmed", "unsubscribed", "unsubscribed", "bounced", "unsubscribed"]
    );
    served.cli(&["consent", "verify"]).done();
}

fn a_report_is_made_before_anything_is_changed(database: Database) {
    let served = Served::with(database);
    put(&served, "list.csv", "email\na@example.nl\nbad\n");
    let said = served.cli(&ordered("list.csv", &["--report", "no-such-folder/report.csv"])).failed();
    assert!(said.contains("nothing was changed") && said.contains("no-such-folder"), "{said}");
    assert_eq!(served.status("a@example.nl"), "");
    // Where it cannot lie beside the file, it goes elsewhere.
    std::fs::create_dir_all(served.database.folder().join("in/list.csv.rejected.csv")).unwrap();
    put(&served, "in/list.csv", "email\na@example.nl\nbad\n");
    let answer = imported(&served, "in/list.csv");
    assert_eq!((counts(&answer), &answer["report"]), ([2, 1, 0, 0, 1], &json!("list.csv.rejected.csv")));
    // A file that is broken is refused as a whole, with every line that breaks it in the report.
    let cells = |row: usize| if row.is_multiple_of(2) { ",x" } else { "" };
    let rows: String = (0..50).map(|row| format!("r{row}@example.nl{}\n", cells(row))).collect();
    put(&served, "ragged.csv", format!("email,name\n{rows}"));
    let said = served.cli(&ordered("ragged.csv", &[])).failed();
    assert!(said.contains("line 3: has 1 cells") && said.contains("ragged.csv.rejected.csv"), "{said}");
    let report = std::fs::read_to_string(served.database.folder().join("ragged.csv.rejected.csv")).unwrap();
    assert_eq!(report.lines().count(), 26, "{report}");
    put(&served, "good.csv", "email\nb@example.nl\n");
    assert_eq!(imported(&served, "good.csv")["report"], Value::Null);
    assert!(!served.database.folder().join("good.csv.rejected.csv").exists());
}

fn what_comes_wrapped_is_unwrapped(database: Database) {
    let served = Served::with(database);
    let text = "email\tnaam\r\nanna@example.nl\tZoë\r\n".encode_utf16().flat_map(u16::to_le_bytes);
    put(&served, "excel.txt", [0xff, 0xfe].into_iter().chain(text).collect::<Vec<u8>>());
    assert_eq!(counts(&imported(&served, "excel.txt")), [1, 1, 0, 0, 0]);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/import/mailchimp-");
    let sample = |name: &str| std::fs::read(format!("{folder}{name}.csv")).unwrap();
    let files = [
        ("list/subscribed_members_export_1.csv", sample("subscribed"), true),
        ("list/unsubscribed_members_export_1.csv", sample("unsubscribed"), false),
        ("list/cleaned_members_export_1.csv", sample("cleaned"), true),
        ("list/readme.pdf", b"no list".to_vec(), false),
    ];
    put(&served, "mailchimp.zip", zip(&files));
    let answer = imported(&served, "mailchimp.zip");
    assert_eq!(counts(&answer), [3, 1, 0, 2, 0]);
    assert_eq!(answer["batches"].as_array().map(Vec::len), Some(3));
    put(&served, "office.zip", zip(&[("xl/workbook.xml", b"<x/>".to_vec(), true)]));
    assert!(served.cli(&ordered("office.zip", &[])).failed().contains("without a CSV"));
    let mut damaged = zip(&files);
    damaged[100] ^= 0xff;
    put(&served, "damaged.zip", damaged);
    served.cli(&ordered("damaged.zip", &[])).failed();
}

/// A ZIP file as every tool writes it; `true` packs.
pub fn zip(files: &[(&str, Vec<u8>, bool)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content, packs) in files {
        let inside = if *packs {
            let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            std::io::Write::write_all(&mut packer, content).unwrap();
            packer.finish().unwrap()
        } else {
            content.clone()
        };
        let number = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
        let at = number(bytes.len());
        let mut facts = vec![20, 0, 0, 0, if *packs { 8 } else { 0 }, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        facts.extend([number(inside.len()), number(content.len())].concat());
        facts.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        facts.extend([0, 0]);
        bytes.extend([b"PK\x03\x04", &facts[..], name.as_bytes(), &inside].concat());
        directory.extend([b"PK\x01\x02\x14\0", &facts[..], &[0; 10], &at, name.as_bytes()].concat());
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let [size, at] = [directory.len(), bytes.len()].map(|number| u32::try_from(number).unwrap().to_le_bytes());
    let end = [b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &size, &at, &[0, 0]].concat();
    [bytes, directory, end].concat()
}
