//! Feeds as they are, and as attackers would have them.

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Feed, FeedError> {
    parse_feed(text.as_bytes(), None, None)
}

fn items(text: &str) -> Vec<FeedItem> {
    parse(text).unwrap().items
}

/// The one item of an RSS feed with these elements in it.
fn rss_item(elements: &str) -> FeedItem {
    items(&format!(
        "<rss version='2.0'><channel><link>https://example.nl/</link><item>{elements}</item></channel></rss>"
    ))
    .remove(0)
}

/// The one entry of an Atom feed with these elements in it.
fn atom_entry(elements: &str) -> FeedItem {
    items(&format!("<feed xmlns='http://www.w3.org/2005/Atom'><entry>{elements}</entry></feed>")).remove(0)
}

#[test]
fn wordpress_rss_is_read_with_all_its_habits() {
    let feed = parse(include_str!("../../../tests/fixtures/feeds/wordpress-6.1.xml")).unwrap();
    assert_eq!(
        (feed.format, feed.title.as_str(), feed.language.as_deref()),
        (FeedFormat::Rss, "Voorbeeldadviesbureau", Some("nl-NL"))
    );
    assert!(feed.is_wordpress);
    let [hacking, cars, .., summer] = feed.items.as_slice() else { panic!("there are nine items") };
    assert_eq!(hacking.id, "https://www.example.nl/?p=6");
    assert_eq!(hacking.published.unwrap().to_string(), "2025-02-04T08:00:00Z");
    assert!(hacking.summary.contains("met een ‘aanhaling’ & een é."), "{}", hacking.summary);
    assert!(hacking.summary.ends_with("af te kappen."), "{}", hacking.summary);
    assert_eq!(hacking.image.as_deref(), Some("https://www.example.nl/x.jpg"));
    assert_eq!(cars.title, "AP: mensen weinig bewust van gegevens die auto’s allemaal verzamelen");
    assert_eq!(cars.summary, "Korte voorbeeldtekst van een bericht.");
    assert_eq!(cars.source_url.as_deref(), Some("https://bron.example/artikel"));
    assert_eq!(cars.categories, ["Berichten"]);
    assert_eq!(summer.title, "Zomerbericht");
    let protected: Vec<_> = feed.items.iter().filter(|item| item.protected).map(|item| item.id.as_str()).collect();
    assert_eq!(protected, ["https://www.example.nl/?p=10"]);
    let shortcode = feed.items.iter().find(|item| item.id.ends_with("p=11")).unwrap();
    assert!(!shortcode.summary.contains('['), "{}", shortcode.summary);
}

#[test]
fn rss_and_rest_tell_the_same_of_the_same_articles() {
    let rss = items(include_str!("../../../tests/fixtures/feeds/demo-feed.xml"));
    let rest = parse(include_str!("../../../tests/fixtures/feeds/demo-wp-json-posts.json")).unwrap();
    assert_eq!(rest.format, FeedFormat::WordPress);
    assert_eq!((rss.len(), rest.items.len()), (10, 14));
    for (one, other) in rss.iter().zip(&rest.items) {
        let facts = |item: &FeedItem| {
            (
                item.id.clone(),
                item.title.clone(),
                item.url.clone(),
                item.published,
                item.summary.clone(),
                item.source_url.clone(),
            )
        };
        assert_eq!(facts(one), facts(other));
        assert!(one.summary.starts_with("[Voorbeeldtekst] "));
    }
}

#[test]
fn rest_gives_names_of_categories_and_pictures_when_they_are_embedded() {
    let post = r#"[{"id":7,"date":"2025-02-04T09:00:00","date_gmt":"2025-02-04T08:00:00","modified_gmt":"2025-02-05T08:00:00",
        "link":"https://example.nl/p","title":{"rendered":"I&#038;P"},"excerpt":{"rendered":"<p>Kort.</p>","protected":true},
        "categories":[2],"_embedded":{"wp:term":[[{"taxonomy":"category","name":"Blogs &amp; meer"}],[{"taxonomy":"post_tag","name":"x"}]],
        "wp:featuredmedia":[{"source_url":"https://example.nl/p.jpg"}]}}]"#;
    let item = items(post).remove(0);
    assert_eq!((item.id.as_str(), item.title.as_str(), item.summary.as_str()), ("7", "I&P", "Kort."));
    assert_eq!(item.published.unwrap().to_string(), "2025-02-04T08:00:00Z");
    assert_eq!(item.updated.unwrap().to_string(), "2025-02-05T08:00:00Z");
    assert_eq!(
        (item.categories, item.image.as_deref()),
        (vec!["Blogs & meer".to_owned()], Some("https://example.nl/p.jpg"))
    );
    assert!(item.protected);
}

#[test]
fn json_feeds_are_read_however_loosely_they_are_written() {
    let feed = parse(
        r#"{"version":"https://jsonfeed.org/version/1.1","title":"Voorbeeld","language":"nl","next_url":"https://example.nl/2",
        "author":{"name":"Ada"},"items":[
        {"id":2,"url":"/b","title":"Eén","content_html":"<p>hoi<script>x</script></p>","date_published":"2026-09-01T10:00:00+02:00","tags":["a",1]},
        {"id":"c","external_url":"https://elders.example/c","content_text":"1 < 2","authors":[{"name":"Bob"}],"tags":null,"title":null}]}"#,
    )
    .unwrap();
    assert_eq!((feed.format, feed.language.as_deref()), (FeedFormat::Json, Some("nl")));
    assert_eq!(feed.next.unwrap().as_str(), "https://example.nl/2");
    let [one, other] = feed.items.as_slice() else { panic!("there are two items") };
    assert_eq!((one.id.as_str(), one.url.as_deref(), one.summary.as_str()), ("2", None, "hoi"));
    assert_eq!((one.author.as_deref(), &one.categories[..]), (Some("Ada"), &["a".to_owned(), "1".to_owned()][..]));
    assert_eq!(one.published.unwrap().to_string(), "2026-09-01T08:00:00Z");
    assert_eq!((other.title.as_str(), other.summary.as_str(), other.author.as_deref()), ("", "1 < 2", Some("Bob")));
    assert_eq!(other.url.as_deref(), Some("https://elders.example/c"));
}

#[test]
fn rss_1_0_has_its_items_beside_its_channel() {
    let feed = parse(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:r='http://purl.org/rss/1.0/'
        xmlns:d='http://purl.org/dc/elements/1.1/'><r:channel><r:title>T</r:title><d:language>nl</d:language></r:channel>
        <r:item rdf:about='https://example.nl/1'><r:title>Een</r:title><d:date>2026-01-02</d:date><d:creator>Ada</d:creator></r:item></rdf:RDF>",
    )
    .unwrap();
    assert_eq!((feed.title.as_str(), feed.language.as_deref()), ("T", Some("nl")));
    let item = &feed.items[0];
    assert_eq!((item.id.as_str(), item.url.as_deref()), ("https://example.nl/1", Some("https://example.nl/1")));
    assert_eq!(
        (item.published.unwrap().to_string().as_str(), item.author.as_deref()),
        ("2026-01-02T00:00:00Z", Some("Ada"))
    );
}

#[test]
fn atom_links_and_texts_follow_their_attributes() {
    let feed = parse(
        "<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom' xml:lang='nl' xml:base='https://example.nl/blog/'>
        <title type='html'>I&amp;amp;P</title><link rel='next' href='?page=2'/><link rel='self' href='feed'/>
        <entry xml:base='2026/'><title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>Een <b>&lt;b&gt;</b> &amp;amp; twee</div></title>
        <link rel='edit' href='edit'/><link rel='enclosure' type='image/png' href='p.png'/><link rel='alternate' type='text/html' href='een'/>
        <id>tag:example.nl,2026:1</id><published>2026-01-02T03:04:05Z</published><updated>2026-02-03T04:05:06Z</updated>
        <author><uri>https://example.nl/ada</uri><name>Ada</name><email>ada@example.nl</email></author>
        <category term='t' label='Thema'/><summary>Kort &amp; goed.</summary></entry></feed>",
    )
    .unwrap();
    assert_eq!((feed.format, feed.title.as_str(), feed.language.as_deref()), (FeedFormat::Atom, "I&P", Some("nl")));
    assert_eq!(feed.next.unwrap().as_str(), "https://example.nl/blog/?page=2");
    let item = &feed.items[0];
    assert_eq!(item.title, "Een <b> &amp; twee");
    assert_eq!(item.url.as_deref(), Some("https://example.nl/blog/2026/een"));
    assert_eq!(item.image.as_deref(), Some("https://example.nl/blog/2026/p.png"));
    assert_eq!((item.author.as_deref(), item.summary.as_str()), (Some("Ada"), "Kort & goed."));
    assert_eq!(item.categories, ["Thema"]);
    assert_eq!(item.published.unwrap().to_string(), "2026-01-02T03:04:05Z");
    assert_eq!(item.updated.unwrap().to_string(), "2026-02-03T04:05:06Z");
}

#[test]
fn titles_are_decoded_once_whatever_wraps_them() {
    for (title, seen) in [
        ("I&#038;P", "I&P"),
        ("<![CDATA[I&#038;P]]>", "I&P"),
        ("I&amp;#038;P", "I&P"),
        ("caf&eacute; &onbekend; R&D", "café &onbekend; R&D"),
        ("Vec&lt;u8&gt;", "Vec<u8>"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"),
        ("\n  twee\n  regels ", "twee regels"),
        ("een<!-- niets --> twee<![CDATA[ drie]]>", "een twee drie"),
    ] {
        assert_eq!(rss_item(&format!("<title>{title}</title>")).title, seen, "{title}");
    }
    assert_eq!(atom_entry("<title>I&amp;#038;P</title>").title, "I&#038;P", "Atom's text is plain");
    assert_eq!(atom_entry("<title type='html'>a&lt;script&gt;b&lt;/script&gt;c</title>").title, "ac");
    assert_eq!(atom_entry("<title mode='base64' type='text/html'>PGI+YTwvYj4mYW1wOw==</title>").title, "a&");
}

#[test]
fn links_are_absolute_and_lead_to_the_web_or_are_none() {
    for (link, seen) in [
        ("https://example.nl", Some("https://example.nl")),
        ("https://WWW.Example.nl/Een?A=B#C", Some("https://www.example.nl/Een?A=B#C")),
        ("/a?b=1&amp;c=2#d", Some("https://example.nl/a?b=1&c=2#d")),
        ("//elders.example/x", Some("https://elders.example/x")),
        ("https://user:pass@elders.example/", Some("https://elders.example/")),
        ("https://example.nl/een twee\"", Some("https://example.nl/een%20twee%22")),
        ("javascript:alert(1)", None),
        ("java&#10;script:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
    ] {
        assert_eq!(rss_item(&format!("<link>{link}</link>")).url.as_deref(), seen, "{link}");
    }
    let denied = rss_item("<guid isPermaLink='false'>https://example.nl/?p=1</guid>");
    assert_eq!((denied.id.as_str(), denied.url), ("https://example.nl/?p=1", None));
    assert_eq!(rss_item("<guid>https://example.nl/1</guid>").url.as_deref(), Some("https://example.nl/1"));
    assert_eq!(rss_item("<guid>646326554</guid>").url, None);
}

#[test]
fn relative_links_follow_the_address_of_the_feed_when_it_names_no_site() {
    let base = Url::parse("https://example.nl/feed/").unwrap();
    let feed = parse_feed(b"<rss><channel><item><link>../a</link></item></channel></rss>", None, Some(&base)).unwrap();
    assert_eq!(feed.items[0].url.as_deref(), Some("https://example.nl/a"));
}

#[test]
fn an_item_without_an_identity_keeps_the_one_it_is_given() {
    let one = rss_item("<title>A</title><link>https://example.nl/1</link>");
    let edited = rss_item("<title>B</title><link>https://example.nl/1</link><description>x</description>");
    assert_eq!(one.id, edited.id);
    assert_ne!(rss_item("<title>A</title>").id, rss_item("<title>B</title>").id);
}

#[test]
fn an_identity_that_is_a_relative_address_is_a_whole_one() {
    let item = rss_item("<title>A</title><guid>/a?b=1</guid>");
    assert_eq!((item.id.as_str(), item.url.as_deref()), ("https://example.nl/a?b=1", Some("https://example.nl/a?b=1")));
    assert_eq!(rss_item("<guid isPermaLink='false'>/a</guid>").id, "/a");
    assert_eq!(rss_item("<guid>tag:a/b</guid>").id, "tag:a/b");
    let base = Url::parse("https://a.example/feed").unwrap();
    let bare = b"<rss><channel><item><title>A</title><guid>b?c=d</guid></item></channel></rss>";
    let item = parse_feed(bare, None, Some(&base)).unwrap().items.remove(0);
    assert_eq!((item.id.as_str(), item.url.as_deref()), ("https://a.example/b?c=d", Some("https://a.example/b?c=d")));
}

#[test]
fn an_item_that_was_not_closed_ends_where_the_next_begins() {
    let unclosed = format!(
        "<rss><channel>{}</channel></rss>",
        "<item><title>A</title><link>https://a.example/</link>".repeat(500)
    );
    assert_eq!(items(&unclosed).len(), 500);
}

#[test]
fn old_and_odd_vocabularies_are_read() {
    let cdf = items(
        "<CHANNEL HREF='http://a.example/'><TITLE>T</TITLE><ITEM HREF='http://a.example/1' LASTMOD='2026-10-05T07:00:00Z'>\
         <TITLE>A</TITLE><ABSTRACT>Kort.</ABSTRACT></ITEM></CHANNEL>",
    )
    .remove(0);
    assert_eq!(
        (cdf.title.as_str(), cdf.url.as_deref(), cdf.summary.as_str()),
        ("A", Some("http://a.example/1"), "Kort.")
    );
    assert_eq!(cdf.published.unwrap().to_string(), "2026-10-05T07:00:00Z");
    let odd = "<r:rss xmlns:r='urn:x'><r:channel><r:item><r:title>A</r:title><r:link>https://a.example/</r:link></r:item></r:channel></r:rss>";
    assert_eq!(items(odd)[0].url.as_deref(), Some("https://a.example/"));
    let iana =
        "<title>A</title><link rel='http://www.iana.org/assignments/relation/alternate' href='https://a.example/1'/>";
    assert_eq!(atom_entry(iana).url.as_deref(), Some("https://a.example/1"));
    let elsewhere = "<title>A</title><content type='text/html' src='https://a.example/1'/><id>tag:1</id>";
    assert_eq!(atom_entry(elsewhere).url.as_deref(), Some("https://a.example/1"));
}

#[test]
fn json_that_is_nearly_right_is_read() {
    let feed =
        |inner: &str| items(&format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{inner}]}}"));
    let cut = feed(r#"null,{"id":"1","title":"\\ud83d \ud83d\udd4a heel, \ud83d half, \udd4a"}"#);
    assert_eq!(cut[0].title, "\\ud83d 🕊 heel, \u{fffd} half, \u{fffd}");
    let nameless = r#"{"home_page_url":"https://a.example/","items":[{"id":"1","url":"een","title":"A"}]}"#;
    assert_eq!(items(nameless)[0].url.as_deref(), Some("https://a.example/een"));
}

#[test]
fn an_author_is_a_name_and_never_an_address() {
    for (author, seen) in [
        ("info@example.nl (Ada Lovelace)", Some("Ada Lovelace")),
        ("Ada &lt;ada@example.nl&gt;", Some("Ada")),
        ("ada@example.nl", None),
    ] {
        assert_eq!(rss_item(&format!("<author>{author}</author>")).author.as_deref(), seen);
    }
}

#[test]
fn junk_before_and_a_break_within_cost_only_themselves() {
    let feed = "<br />\n<b>Warning</b>: x <?xml version='1.0'?><rss><channel><title>T</title><item><title>A</title></item>\
        <item><title>B</title><description><p>los<br></description></item><item><title>C</titel></item><item><title>D";
    let titles: Vec<_> = items(feed).into_iter().map(|item| item.title).collect();
    assert_eq!(titles, ["A", "B", "C", "D"]);
    assert_eq!(parse("<rss><channel><!-- "), Err(FeedError::BrokenXml));
}

#[test]
fn what_is_no_feed_is_told_apart() {
    for (text, error) in [
        ("", FeedError::Empty),
        (" \n\u{0} ", FeedError::Empty),
        ("<!DOCTYPE html><html><body>", FeedError::WebPage),
        ("<html xmlns='http://www.w3.org/1999/xhtml'>", FeedError::WebPage),
        ("hallo", FeedError::NotAFeed),
        ("<svg/>", FeedError::NotAFeed),
        ("{\"version\":\"1.1\",\"items\":[]}", FeedError::NotAFeed),
        ("[{\"id\":1}]", FeedError::NotAFeed),
        ("[1,2]", FeedError::NotAFeed),
        ("{\"a\":", FeedError::BrokenJson { line: 1, column: 5 }),
    ] {
        assert_eq!(parse(text), Err(error), "{text}");
    }
    assert_eq!(parse_feed(&vec![b' '; MAX_BYTES + 1], None, None), Err(FeedError::TooLarge));
    assert_eq!(items("<rss version='2.0'></rss>").len(), 0);
}

#[test]
fn entities_of_the_document_s_own_are_not_expanded() {
    let bomb = "<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'><!ENTITY f SYSTEM 'file:///etc/passwd'>]>
        <rss><channel><item><title>&b; &f;</title></item></channel></rss>";
    assert_eq!(items(bomb)[0].title, "&b; &f;");
}

#[test]
fn floods_are_cut_off() {
    let feed = |inner: &str| format!("<rss><channel><item><title>A</title></item>{inner}</channel></rss>");
    assert_eq!(items(&feed(&"<item/>".repeat(100_000))).len(), MAX_ITEMS);
    assert_eq!(items(&feed(&"<a>".repeat(100_000))).len(), 1);
    let attributes: String = (0..50_000).map(|n| format!(" a{n}='' xmlns:b{n}='c'")).collect();
    assert_eq!(items(&feed(&format!("<item{attributes}><title>B</title></item>")))[1].title, "B");
    let categories = "<category>a</category>".repeat(10_000);
    assert_eq!(items(&feed(&format!("<item>{categories}</item>")))[1].categories, ["a"]);
    let long = items(&feed(&format!("<item><title>{}</title></item>", "x".repeat(100_000)))).remove(1);
    assert_eq!(long.title.len(), 5_000);
    let json = format!("{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{}{{}}]}}", "{},".repeat(100_000));
    assert_eq!(items(&json).len(), MAX_ITEMS);
    assert!(matches!(parse(&"[".repeat(100_000)), Err(FeedError::BrokenJson { .. })));
}

#[test]
fn check_prints_what_scripts_depend_on() {
    let feed = parse(
        "<rss><channel><title>T</title><item><title>A</title><guid isPermaLink='false'>1</guid><link>https://example.nl/a</link>
        <pubDate>Mon, 05 Oct 2026 09:00:00 +0200</pubDate><description>d</description></item></channel></rss>",
    )
    .unwrap();
    let expected = serde_json::json!({
        "format": "rss", "title": "T", "language": null,
        "items": [{"id": "1", "title": "A", "url": "https://example.nl/a", "published": "2026-10-05T07:00:00Z",
            "summary": "d", "author": null, "image": null, "categories": []}],
    });
    assert_eq!(serde_json::to_value(&feed).unwrap(), expected);
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_feed(&bytes, None, None);
    }

    #[test]
    fn whatever_is_read_is_plain_and_leads_to_the_web(soup in
        "(<rss>|<channel>|<feed xmlns='http://www.w3.org/2005/Atom'>|<item>|</item>|<entry>|</entry>|<title>|</title>|<link>|</link>|<link href='|'/>\
         |<guid>|</guid>|<description>|<!\\[CDATA\\[|\\]\\]>|&amp;|&#0;|&#x1b;|javascript:|https://a.example/|<script>|<!--|-->|\\PC){0,40}")
    {
        if let Ok(feed) = parse(&format!("<rss><channel>{soup}")) {
            for item in feed.items {
                let texts = [&item.title, &item.summary, &item.id];
                prop_assert!(texts.iter().all(|text| !text.contains(char::is_control)));
                prop_assert!(item.url.is_none_or(|url| url.starts_with("https://") || url.starts_with("http://")));
                prop_assert!(!item.id.is_empty());
            }
        }
    }
}
