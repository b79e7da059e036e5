//! The shapes in which feeds come, one by one: an item of RSS, an entry of Atom, or a whole document, and what it says.

use super::*;

/// What is written, and the title, the link and the moment that it means; empty for none.
type Shape = (&'static str, (&'static str, &'static str, &'static str));

/// Items of RSS 2.0 at `https://s.example/`.
const RSS: &[Shape] = &[
    ("<title>A</title><link href='https://s.example/1'/>", ("A", "https://s.example/1", "")),
    ("<title>A</title><link><![CDATA[https://s.example/1?a=1&b=2]]></link>", ("A", "https://s.example/1?a=1&b=2", "")),
    ("<title>A</title><link>\n   https://s.example/1\n  </link>", ("A", "https://s.example/1", "")),
    ("<title>A</title><link>HTTPS://S.Example/Pad</link>", ("A", "https://s.example/Pad", "")),
    (
        "<title>A</title><link>https://café.example/é?q=é</link>",
        ("A", "https://xn--caf-dma.example/%C3%A9?q=%C3%A9", ""),
    ),
    ("<title>A</title><link>//s.example/1</link>", ("A", "https://s.example/1", "")),
    ("<title>A</title><guid isPermaLink='true'>https://s.example/1</guid>", ("A", "https://s.example/1", "")),
    ("<title>A</title><guid isPermaLink='FALSE'>https://s.example/1</guid>", ("A", "", "")),
    (
        "<title>A</title><link>https://s.example/1</link><guid isPermaLink='true'>https://s.example/perma</guid>",
        ("A", "https://s.example/1", ""),
    ),
    ("<title>A</title><link></link><guid>https://s.example/1</guid>", ("A", "https://s.example/1", "")),
    ("<title>A</title><enclosure url='https://s.example/a.mp3' type='audio/mpeg' length='1'/>", ("A", "", "")),
    ("<link>https://s.example/1</link><description>Alleen tekst</description>", ("", "https://s.example/1", "")),
    (
        "<title><![CDATA[A & B – “c”]]></title><link>https://s.example/1</link>",
        ("A & B – “c”", "https://s.example/1", ""),
    ),
    (
        "<title>A &amp;amp; B &amp;#8217;s</title><link>https://s.example/1</link>",
        ("A & B ’s", "https://s.example/1", ""),
    ),
    ("<title>Q&amp;amp;amp;A</title><link>https://s.example/1</link>", ("Q&amp;A", "https://s.example/1", "")),
    ("<title>A&nbsp;B&hellip;</title><link>https://s.example/1</link>", ("A B…", "https://s.example/1", "")),
    (
        "<title>&lt;b&gt;Vet&lt;/b&gt; nieuws</title><link>https://s.example/1</link>",
        ("Vet nieuws", "https://s.example/1", ""),
    ),
    ("<title>A <b>vet</b> c</title><link>https://s.example/1</link>", ("A vet c", "https://s.example/1", "")),
    (
        "<title>2 &lt; 3 en 4 &gt; 3</title><link>https://s.example/1</link>",
        ("2 < 3 en 4 > 3", "https://s.example/1", ""),
    ),
    (
        "<title>A</title><link>https://s.example/1</link><dc:date>2026-10-05T07:00:00Z</dc:date>\
         <foo:title>x</foo:title><content:encoded><![CDATA[<p>x</p>]]></content:encoded>",
        ("A", "https://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "<title>A</title><link>https://s.example/1</link><source url='http://o.example/feed'>\
         Bron</source>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<title>A</title><link>https://s.example/1</link><published>2026-10-05T09:00:00+02:00</published>",
        ("A", "https://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "<title>A</title><link>https://s.example/1</link><pubDate>gisteren</pubDate><dc:date>\
         2026-10-05T07:00:00Z</dc:date>",
        ("A", "https://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "<title>A</title><link>https://s.example/1</link><pubDate>Mon, 05 Oct 2026 07:00:00 GMT</pubDate>\
         <pubDate>Tue, 06 Oct 2026 07:00:00 GMT</pubDate>",
        ("A", "https://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "<title><![CDATA[A ]]]]><![CDATA[> B]]></title><link>https://s.example/1</link>",
        ("A ]]> B", "https://s.example/1", ""),
    ),
    (
        "<title>A</title><link>https://s.example/1</link><guid>https://s.example/1</guid>",
        ("A", "https://s.example/1", ""),
    ),
    ("<title>A & B</title><link>https://s.example/?a=1&b=2</link>", ("A & B", "https://s.example/?a=1&b=2", "")),
    ("<title>A</title><link>https://s.example/?a=1&copy=2</link>", ("A", "https://s.example/?a=1&copy=2", "")),
    (
        "<title>A<br>B</title><link>https://s.example/1</link><description><p>x</description>",
        ("A B", "https://s.example/1", ""),
    ),
    ("<title><![CDATA[]]></title><link>https://s.example/1</link>", ("", "https://s.example/1", "")),
    ("<title>שלום &#x202E;abc</title><link>https://s.example/1</link>", ("שלום abc", "https://s.example/1", "")),
    ("<title>it&#146;s &#150; &#128;</title><link>https://s.example/1</link>", ("it’s – €", "https://s.example/1", "")),
    (
        "<title>A</title><guid isPermaLink='false'><![CDATA[x&y]]></guid><link>https://s.example/1</link>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<title>A</title><link>https://s.example/1</link><author><name>Ada</name><email>\
         a@x.nl</email></author>",
        ("A", "https://s.example/1", ""),
    ),
];

/// Entries of Atom 1.0.
const ATOM: &[Shape] = &[
    (
        "<title>A</title><link xml:base='http://s.example/x/' href='een'/><id>1</id>",
        ("A", "http://s.example/x/een", ""),
    ),
    (
        "<title>A</title><link rel='self' href='http://s.example/self'/><link rel='enclosure' href='http://s.example/a.mp3'/>\
         <link rel='alternate' href='http://s.example/1'/><id>1</id>",
        ("A", "http://s.example/1", ""),
    ),
    (
        "<title>A</title><link rel='self' href='http://s.example/self'/><id>http://s.example/1</id>",
        ("A", "http://s.example/1", ""),
    ),
    ("<title>A</title><link rel='enclosure' href='http://s.example/a.mp3'/><id>tag:x</id>", ("A", "", "")),
    (
        "<title>A</title><link rel='http://www.iana.org/assignments/relation/alternate' href='http://s.example/1'/>\
         <id>1</id>",
        ("A", "http://s.example/1", ""),
    ),
    (
        "<title>A</title><link rel='via' href='http://o.example/'/><link rel='related' href='http://p.example/'/>\
         <link href='http://s.example/1' hreflang='nl'/><id>1</id>",
        ("A", "http://s.example/1", ""),
    ),
    ("<title>A</title><link>http://s.example/1</link><id>1</id>", ("A", "http://s.example/1", "")),
    (
        "<title>A</title><content type='text/html' src='http://s.example/1'/><id>tag:1</id>",
        ("A", "http://s.example/1", ""),
    ),
    (
        "<title type='html'>&lt;em&gt;Nieuw&lt;/em&gt; &amp;amp; goed &amp;#8211; 1</title>\
         <link href='http://s.example/1'/><id>1</id>",
        ("Nieuw & goed – 1", "http://s.example/1", ""),
    ),
    (
        "<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>A <b>b</b> &lt;c&gt;</div>\
         </title><link href='http://s.example/1'/><id>1</id>",
        ("A b <c>", "http://s.example/1", ""),
    ),
    (
        "<title type='text'><![CDATA[A & B <c>]]></title><link href='http://s.example/1'/>\
         <id>1</id>",
        ("A & B <c>", "http://s.example/1", ""),
    ),
    (
        "<title type='html'><![CDATA[A &amp; B <b>c</b>]]></title><link href='http://s.example/1'/>\
         <id>1</id>",
        ("A & B c", "http://s.example/1", ""),
    ),
    (
        "<title>A</title><link href='http://s.example/1'/><id>1</id><source><title>Bron</title>\
         <id>2</id><link href='http://o.example/'/><updated>2001-01-01T00:00:00Z</updated>\
         </source><updated>2026-10-05T07:00:00Z</updated>",
        ("A", "http://s.example/1", "2026-10-05T07:00:00Z"),
    ),
];

/// Documents of every kind.
const WHOLE: &[Shape] = &[
    (
        "<?xml version='1.0'?><!DOCTYPE rss SYSTEM \"http://my.netscape.com/publish/formats/rss-0.91.dtd\">\
         <rss version='0.91'><channel><title>T</title><link>http://s.example/</link><description>\
         d</description><language>nl</language><item><title>&eacute;&eacute;n</title><link>\
         http://s.example/1</link></item></channel></rss>",
        ("één", "http://s.example/1", ""),
    ),
    (
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://my.netscape.com/rdf/simple/0.9/'>\
         <channel><title>T</title><link>http://s.example/</link></channel><item><title>\
         A</title><link>http://s.example/1</link></item></rdf:RDF>",
        ("A", "http://s.example/1", ""),
    ),
    (
        "<?xml version='1.0'?><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' \
         xmlns:dc='http://purl.org/dc/elements/1.1/'><channel rdf:about='http://s.example/f'>\
         <title>T</title><link>http://s.example/</link><items><rdf:Seq><rdf:li resource='http://s.example/1'/>\
         </rdf:Seq></items></channel><item rdf:about='http://s.example/1'><title>A</title>\
         <link>http://s.example/1</link><dc:date>2026-10-05T09:00:00+02:00</dc:date><dc:creator>\
         Ada</dc:creator></item></rdf:RDF>",
        ("A", "http://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "<?xml version='1.0'?><Channel xmlns='http://purl.org/net/rss1.1#' xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' \
         rdf:about='http://s.example/f'><title>T</title><link>http://s.example/</link><description>\
         d</description><items rdf:parseType='Collection'><item rdf:about='http://s.example/1'>\
         <title>A</title><link>http://s.example/1</link></item></items></Channel>",
        ("A", "http://s.example/1", ""),
    ),
    (
        "<rss><channel><title>T</title><link>https://s.example/</link><items><item><title>\
         A</title><link>https://s.example/1</link><guid>https://s.example/1</guid></item>\
         </items></channel></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<rss version='2.0'><channel></channel><item><title>A</title><link>https://s.example/1</link>\
         <guid>https://s.example/1</guid></item></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<RSS VERSION='2.0'><CHANNEL><TITLE>T</TITLE><ITEM><TITLE>A</TITLE><LINK>https://s.example/1</LINK>\
         <PUBDATE>Mon, 05 Oct 2026 07:00:00 GMT</PUBDATE></ITEM></CHANNEL></RSS>",
        ("A", "https://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "<?xml version='1.0'?><feed version='0.3' xmlns='http://purl.org/atom/ns#'><title>\
         T</title><entry><title mode='escaped' type='text/html'>A &amp;amp; B &lt;b&gt;c&lt;/b&gt;</title>\
         <link rel='alternate' type='text/html' href='http://s.example/1'/><issued>2026-10-05T09:00:00+02:00</issued>\
         <modified>2026-10-06T09:00:00Z</modified><id>x</id></entry></feed>",
        ("A & B c", "http://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><title>T</title><entry><title>\
         A</title><link rel='alternate' type='text/html' href='http://s.example/1'/><modified>\
         2026-10-05T07:00:00Z</modified></entry></feed>",
        ("A", "http://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "<feed><title>T</title><entry><title>A</title><link href='http://s.example/1'/>\
         <id>1</id><updated>2026-10-05T07:00:00Z</updated></entry></feed>",
        ("A", "http://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:title>T</a:title><a:entry><a:title>\
         A</a:title><a:link href='http://s.example/1'/><a:id>1</a:id><a:updated>2026-10-05T07:00:00Z</a:updated>\
         </a:entry></a:feed>",
        ("A", "http://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='http://s.example/blog/'><title>\
         T</title><entry><title>A</title><link href='een?x=1&amp;y=2'/><id>1</id><updated>\
         2026-10-05T07:00:00Z</updated></entry></feed>",
        ("A", "http://s.example/blog/een?x=1&y=2", "2026-10-05T07:00:00Z"),
    ),
    (
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:h='http://www.w3.org/1999/xhtml'>\
         <title>T</title><entry><title type='xhtml'><h:div>A <h:b>b</h:b></h:div></title>\
         <link href='http://s.example/1'/><id>1</id></entry></feed>",
        ("A b", "http://s.example/1", ""),
    ),
    (
        "<rss xmlns:atom='http://www.w3.org/2005/Atom'><channel><item><title>A</title><atom:link href='http://o.example/' \
         rel='replies'/><link>https://s.example/1</link></item></channel></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<rss xmlns:atom='http://www.w3.org/2005/Atom'><channel><item><title>A</title><atom:link href='https://s.example/1'/>\
         </item></channel></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<rss xmlns:feedburner='http://rssnamespace.org/feedburner/ext/1.0'><channel><item>\
         <title>A</title><link>http://feedproxy.example/~r/x</link><feedburner:origLink>\
         https://s.example/1</feedburner:origLink></item></channel></rss>",
        ("A", "http://feedproxy.example/~r/x", ""),
    ),
    (
        "<rss xmlns:media='http://search.yahoo.com/mrss/'><channel><item><title>A</title>\
         <link>https://s.example/1</link><media:group><media:title>Nee</media:title></media:group>\
         <media:title>Nee</media:title></item></channel></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<rss xmlns:media='http://search.yahoo.com/mrss/'><channel><item><media:title>Nee</media:title>\
         <title>A</title><link>https://s.example/1</link></item></channel></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<rss xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'><channel><item>\
         <itunes:title>Nee</itunes:title><title>A</title><link>https://s.example/1</link>\
         </item></channel></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<rss xmlns:foo='urn:foo'><channel><item><foo:title>x</foo:title><title>A</title>\
         <link>https://s.example/1</link></item></channel></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<rss><channel><image><title>Logo</title><link>http://nee/</link><url>http://x/</url>\
         </image><item><title>A</title><link>https://s.example/1</link><image><title>x</title>\
         <link>http://nee/</link></image></item></channel></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<rss xmlns:a10='http://www.w3.org/2005/Atom'><channel><item><title>A</title><link>\
         https://s.example/1</link><a10:updated>2026-10-05T09:00:00+02:00</a10:updated>\
         </item></channel></rss>",
        ("A", "https://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "<rss><channel><pubDate>Mon, 05 Oct 2026 07:00:00 GMT</pubDate><item><title>A</title>\
         <link>https://s.example/1</link></item></channel></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "\n\n\t <rss><channel><item><title>A</title><link>https://s.example/1</link><guid>\
         https://s.example/1</guid></item></channel></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<?xml version='1.0' encoding='ISO-8859-1'?><rss><channel><item><title>één €</title>\
         <link>https://s.example/1</link><guid>https://s.example/1</guid></item></channel>\
         </rss>",
        ("één €", "https://s.example/1", ""),
    ),
    (
        "<?xml version='1.1' encoding='UTF-8'?><rss><channel><item><title>A</title><link>\
         https://s.example/1</link><guid>https://s.example/1</guid></item></channel></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<!-- x --><?xml version='1.0'?><rss><channel><item><title>A</title><link>https://s.example/1</link>\
         <guid>https://s.example/1</guid></item></channel></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<?xml-stylesheet href='x.xsl'?><rss><channel><item><title>A</title><link>https://s.example/1</link>\
         <guid>https://s.example/1</guid></item></channel></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<!DOCTYPE rss [<!ENTITY mijn \"x\">]><rss><channel><item><title>A &mijn;</title>\
         <link>https://s.example/1</link><guid>https://s.example/1</guid></item></channel>\
         </rss>",
        ("A &mijn;", "https://s.example/1", ""),
    ),
    (
        "<!DOCTYPE rss [<!ENTITY nbsp \"&#160;\">]><rss><channel><item><title>A&nbsp;b</title>\
         <link>https://s.example/1</link><guid>https://s.example/1</guid></item></channel>\
         </rss>",
        ("A b", "https://s.example/1", ""),
    ),
    (
        "<rss><channel><title>T</title><link>https://s.example/</link><item><title>A</title>\
         <link>https://s.example/1</link><guid>https://s.example/1</guid></item></channel>\
         </rss>\n<!-- cached --><script>x</script>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "{\"version\":\"https://jsonfeed.org/version/1\",\"title\":\"T\",\"home_page_url\":\"https://s.example/\",\
         \"items\":[{\"id\":\"1\",\"url\":\"https://s.example/1\",\"title\":\"A\",\"date_published\":\"2026-10-05T09:00:00+02:00\",\
         \"author\":{\"name\":\"Ada\"}}]}",
        ("A", "https://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\"home_page_url\":\"https://s.example/blog/\",\
         \"items\":[{\"id\":\"1\",\"url\":\"een\",\"title\":\"A\"}]}",
        ("A", "https://s.example/blog/een", ""),
    ),
    (
        "{\"version\":\"http://jsonfeed.org/version/1\",\"title\":\"T\",\"items\":[{\"id\":\"1\",\"url\":\"https://s.example/1\",\
         \"title\":\"A\"}]}",
        ("A", "https://s.example/1", ""),
    ),
    (
        "{\"title\":\"T\",\"home_page_url\":\"https://s.example/\",\"feed_url\":\"https://s.example/feed.json\",\
         \"items\":[{\"id\":\"1\",\"url\":\"https://s.example/1\",\"title\":\"A\"}]}",
        ("A", "https://s.example/1", ""),
    ),
    (
        "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\"items\":[null,{\"id\":\"1\",\"url\":\"https://s.example/1\",\
         \"title\":\"A\"}]}",
        ("A", "https://s.example/1", ""),
    ),
    (
        "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\"items\":[{\"id\":123456789012345678901234567890,\
         \"url\":\"https://s.example/1\",\"title\":\"A\"}]}",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<?xml version='1.0'?><CHANNEL HREF='http://s.example/'><TITLE>T</TITLE><ITEM HREF='http://s.example/1' \
         LASTMOD='2026-10-05T07:00:00Z'><TITLE>A</TITLE><ABSTRACT>x</ABSTRACT></ITEM></CHANNEL>",
        ("A", "http://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "<rss xmlns:dcterms='http://purl.org/dc/terms/'><channel><item><title>A</title>\
         <link>https://s.example/1</link><dcterms:created>2026-10-05T07:00:00Z</dcterms:created>\
         </item></channel></rss>",
        ("A", "https://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "<rss xmlns:dcterms='http://purl.org/dc/terms/'><channel><item><title>A</title>\
         <link>https://s.example/1</link><dcterms:issued>2026-10-05T07:00:00Z</dcterms:issued>\
         </item></channel></rss>",
        ("A", "https://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "<rss xmlns:x='http://purl.org/dc/elements/1.1/'><channel><item><title>A</title>\
         <link>https://s.example/1</link><x:date>2026-10-05T07:00:00Z</x:date></item></channel>\
         </rss>",
        ("A", "https://s.example/1", "2026-10-05T07:00:00Z"),
    ),
    (
        "<rss xmlns='http://backend.userland.com/rss2'><channel><title>T</title><item><title>\
         A</title><link>https://s.example/1</link></item></channel></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<rss xmlns='http://blogs.law.harvard.edu/tech/rss'><channel><title>T</title><item>\
         <title>A</title><link>https://s.example/1</link></item></channel></rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<r:rss xmlns:r='urn:rss' version='2.0'><r:channel><r:title>T</r:title><r:item>\
         <r:title>A</r:title><r:link>https://s.example/1</r:link></r:item></r:channel></r:rss>",
        ("A", "https://s.example/1", ""),
    ),
    (
        "<rss xml:base='https://o.example/x/'><channel><title>T</title><link>https://s.example/</link>\
         <item><title>A</title><link>een</link></item></channel></rss>",
        ("A", "https://o.example/x/een", ""),
    ),
];

fn check(document: &str, (title, url, published): (&str, &str, &str)) {
    let feed = parse_feed(document.as_bytes(), None, None).unwrap_or_else(|error| panic!("{error}: {document}"));
    let [item] = feed.items.as_slice() else { panic!("{} items: {document}", feed.items.len()) };
    let moment = item.published.map(|at| at.to_string()).unwrap_or_default();
    let read = (item.title.as_str(), item.url.as_deref().unwrap_or_default(), moment.as_str());
    assert_eq!(read, (title, url, published), "{document}");
}

#[test]
fn items_of_rss_say_what_their_authors_meant() {
    for (item, expected) in RSS {
        let channel = "<channel><title>T</title><link>https://s.example/</link>";
        check(
            &format!("<?xml version=\"1.0\"?><rss version=\"2.0\">{channel}<item>{item}</item></channel></rss>"),
            *expected,
        );
    }
}

#[test]
fn entries_of_atom_say_what_their_authors_meant() {
    for (entry, expected) in ATOM {
        check(
            &format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>T</title><entry>{entry}</entry></feed>"),
            *expected,
        );
    }
}

#[test]
fn documents_of_every_kind_say_what_their_authors_meant() {
    for (document, expected) in WHOLE {
        check(document, *expected);
    }
}
