//! Feeds made to do harm, as files and over HTTP: each is dealt with in ten seconds and 200 MB, or refused in words.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use flate2::write::DeflateEncoder;
use flate2::{Compress, Compression, FlushCompress};
use serde_json::Value;

use crate::kit::program::Program;

/// What a hostile feed may cost at most.
const MOST_TIME: Duration = Duration::from_secs(10);
const MOST_MEGABYTES: u64 = 200;
/// As much as is read of a feed at all, and a little less.
const MUCH: usize = 5 * 1024 * 1024 - 4096;

/// What a run of the program cost.
struct Run {
    answer: Value,
    took: Duration,
    /// Seconds of processor time, which a busy machine does not lengthen.
    cpu: f64,
    /// The most memory that it had at one time.
    megabytes: u64,
}

/// Lets the program look at one feed, and looks at the program.
fn look(input: &str) -> Run {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let out = folder.path().join("out");
    let arguments = ["source", "check", "--json", "--allow-private", input];
    let mut command = Program::new(folder.path(), &arguments).into_command();
    command.stdin(Stdio::null()).stdout(File::create(&out).expect("a file can be made")).stderr(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn().expect("the program starts");
    let (mut cpu, mut megabytes) = (0.0, 0);
    let status = loop {
        (cpu, megabytes) = cost(child.id()).unwrap_or((cpu, megabytes));
        if let Some(status) = child.try_wait().expect("a child can be asked after") {
            break status;
        }
        if began.elapsed() > 6 * MOST_TIME {
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(3));
    };
    let took = began.elapsed();
    assert!(matches!(status.code(), Some(0 | 1)), "{input}: {status}");
    let out = std::fs::read_to_string(out).expect("it is there");
    Run { answer: serde_json::from_str(&out).unwrap_or_else(|_| panic!("{input}: {out}")), took, cpu, megabytes }
}

/// Processor seconds and the highest memory so far of a process that runs, where the system tells them.
fn cost(process: u32) -> Option<(f64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = peak.split_whitespace().next()?.parse().ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, which is in brackets, may hold blanks.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some(((ticks()? + ticks()?) / 100.0, kilobytes / 1024))
}

fn feed(rest: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>T</title><item><title>A</title><link>https://a.example/</link></item>{rest}\
         </channel></rss>"
    )
}

fn fill(unit: &str) -> String {
    unit.repeat(MUCH / unit.len())
}

fn numbered(count: usize, unit: impl Fn(usize) -> String) -> String {
    let mut text: String = (0..count).map(unit).collect();
    text.truncate(MUCH);
    text
}

fn files() -> Vec<(&'static str, String)> {
    let json = |rest: &str| format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",{rest}");
    let laughs = numbered(25, |level| format!("<!ENTITY l{} \"{}\">", level + 1, format!("&l{level};").repeat(10)));
    let item = |inner: &str| feed(&format!("<item><title>x</title>{inner}</item>"));
    vec![
        ("a billion laughs", format!("<!DOCTYPE l [<!ENTITY l0 \"ha\">{laughs}]>{}", item("<title>&l25;</title>"))),
        (
            "entities from elsewhere",
            format!(
                "<!DOCTYPE r [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>{}",
                item("<description>&f;</description>")
            ),
        ),
        ("a million elements deep", feed(&fill("<a>"))),
        ("deep and closed again", feed(&format!("{}{}", "<a>".repeat(600_000), "</a>".repeat(600_000)))),
        ("deep HTML in a text", item(&format!("<description>{}</description>", fill("&lt;div&gt;")))),
        ("deep XHTML", item(&format!("<description>{}</description>", fill("<b>")))),
        ("as many items as there is room for", feed(&fill("<item/>"))),
        ("items that nobody closes", feed(&fill("<item><title>x</title>"))),
        ("an attribute again and again", feed(&format!("<item {}/>", fill("a=\"\" ")))),
        ("attributes without end", feed(&format!("<item {}/>", numbered(400_000, |n| format!("a{n}='' "))))),
        ("namespaces without end", feed(&format!("<item {}/>", numbered(300_000, |n| format!("xmlns:n{n}='u' "))))),
        ("one huge attribute", item(&format!("<link href=\"{}\"/>", fill("x")))),
        ("categories without end", item(&fill("<category>a</category>"))),
        ("links without end", item(&fill("<link>https://a.example/</link>"))),
        (
            "dates in a zone",
            feed(&fill("<item><title>x</title><pubDate>5 May 2026 9:00 Europe/Amsterdam</pubDate></item>")),
        ),
        ("CDATA that does not end", format!("<rss><channel><item><title><![CDATA[{}", fill("x"))),
        ("a comment that does not end", format!("<rss><channel><!--{}", fill("-"))),
        ("a document type that does not end", format!("<!DOCTYPE {}", fill("["))),
        ("nothing but the beginnings of tags", fill("<")),
        ("nothing but the beginnings of references", format!("<rss><channel>{}", fill("&"))),
        ("JSON deep in arrays", json(&format!("\"items\":{}", fill("[")))),
        ("JSON deep in objects", fill("{\"a\":")),
        ("JSON with empty items", json(&format!("\"items\":[{}{{}}]}}", fill("{},")))),
        ("JSON in half characters", json(&format!("\"title\":\"{}\",\"items\":[]}}", fill("\\ud83d")))),
        (
            "a page of links to feeds",
            format!("<!doctype html>{}", fill("<link rel=alternate type=application/rss+xml>")),
        ),
        ("a page deep in elements", format!("<!doctype html>{}", fill("<div>"))),
        ("six megabytes", fill("<rss>").repeat(2)),
    ]
}

#[test]
fn no_hostile_file_takes_ten_seconds_or_200_megabytes() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("feed");
    for (name, text) in files() {
        std::fs::write(&file, text).expect("it can be written");
        let run = look(&file.display().to_string());
        println!("{name}: {:.2} s of processor, {} MB", run.cpu, run.megabytes);
        assert!(run.cpu < MOST_TIME.as_secs_f64(), "{name}: {:.1} s", run.cpu);
        assert!(run.megabytes < MOST_MEGABYTES, "{name}: {} MB", run.megabytes);
        assert!(!run.answer.to_string().contains("root:"), "{name}");
    }
}

/// A server that says nothing is waited for; nothing else waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a server treats its visitors, and what is to be said of it.
const SERVERS: [(&str, &str); 18] = [
    ("/bomb", "is larger than 5 MB"),
    ("/bomb-in-a-bomb", ""),
    ("/endless", "is larger than 5 MB"),
    ("/endless-chunks", "is larger than 5 MB"),
    ("/drip", "did not come in time"),
    ("/drip-header", "did not come in time"),
    ("/silent", "did not come in time"),
    ("/liar", "did not come in time"),
    ("/headers", "not HTTP as it should be"),
    ("/one-header", "not HTTP as it should be"),
    ("/continue", ""),
    ("/hints", ""),
    ("/round", "more than 5 redirects"),
    ("/to-file", "only http and https"),
    ("/to-nowhere", "leads nowhere"),
    ("/archive.zip", "neither RSS, Atom"),
    ("/pages", ""),
    ("/hangs-up", ""),
];

#[test]
fn no_hostile_server_keeps_us_for_longer_than_it_may_or_takes_200_megabytes() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let site = format!("http://{}", listener.local_addr().expect("it has an address"));
    std::thread::spawn(move || {
        for visitor in listener.incoming().flatten() {
            // Whoever has seen enough hangs up, and that ends it.
            std::thread::spawn(move || treat(visitor));
        }
    });
    let site = site.as_str();
    std::thread::scope(|scope| {
        let visit = |path: &'static str| scope.spawn(move || look(&format!("{site}{path}")));
        let visits: Vec<_> = SERVERS.iter().map(|(path, said)| (*path, *said, visit(path))).collect();
        for (path, said, visit) in visits {
            let run = visit.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault));
            let error = run.answer["error"].as_str().unwrap_or_default();
            println!("{path}: {:.1?}, {:.2} s of processor, {} MB: {error}", run.took, run.cpu, run.megabytes);
            let most = if matches!(path, "/silent" | "/drip-header") { PATIENCE } else { MOST_TIME };
            assert!(run.took < most && run.cpu < MOST_TIME.as_secs_f64(), "{path}: {:?}, {:.1} s", run.took, run.cpu);
            assert!(run.megabytes < MOST_MEGABYTES, "{path}: {} MB", run.megabytes);
            assert!(error.contains(said), "{path}: {error}");
        }
    });
}

fn treat(mut visitor: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(visitor.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    while !lines.next().transpose()?.unwrap_or_default().is_empty() {}
    let begin = "HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\nconnection: close\r\n";
    let drip = |visitor: &mut TcpStream| -> std::io::Result<()> {
        loop {
            visitor.write_all(b"x")?;
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    let pour = |visitor: &mut TcpStream, bytes: &[u8]| -> std::io::Result<()> {
        loop {
            visitor.write_all(bytes)?;
        }
    };
    match path.split('?').next().unwrap_or_default() {
        "/bomb" => {
            write!(visitor, "{begin}content-encoding: gzip\r\n\r\n")?;
            visitor.write_all(&GZIP)?;
            // A megabyte in each block, and no block is the last.
            pour(&mut visitor, &megabyte_of_nothing())
        }
        "/bomb-in-a-bomb" => {
            write!(visitor, "{begin}content-encoding: gzip, gzip\r\n\r\n")?;
            visitor.write_all(&GZIP)?;
            let mut inner = DeflateEncoder::new(Vec::new(), Compression::best());
            inner.write_all(&[GZIP.as_slice(), &megabyte_of_nothing().repeat(1_000)].concat())?;
            visitor.write_all(&inner.finish()?)
        }
        "/endless" => {
            write!(visitor, "{begin}\r\n<rss><channel>")?;
            pour(&mut visitor, "<item/>".repeat(1000).as_bytes())
        }
        "/endless-chunks" => {
            write!(visitor, "{begin}transfer-encoding: chunked\r\n\r\n")?;
            pour(&mut visitor, format!("1000\r\n{}\r\n", "x".repeat(0x1000)).as_bytes())
        }
        "/drip" => {
            write!(visitor, "{begin}\r\n<rss><channel>")?;
            drip(&mut visitor)
        }
        "/drip-header" => {
            write!(visitor, "{begin}x-drip: ")?;
            drip(&mut visitor)
        }
        "/silent" => {
            std::thread::sleep(6 * MOST_TIME);
            Ok(())
        }
        "/liar" => {
            write!(visitor, "{begin}content-length: 1000000000000\r\n\r\n<rss>")?;
            std::thread::sleep(6 * MOST_TIME);
            Ok(())
        }
        "/headers" => {
            write!(visitor, "{begin}")?;
            pour(&mut visitor, b"x-flood: 0123456789\r\n")
        }
        "/one-header" => {
            write!(visitor, "{begin}x-flood: ")?;
            pour(&mut visitor, &[b'x'; 4096])
        }
        "/continue" => pour(&mut visitor, b"HTTP/1.1 100 Continue\r\n\r\n"),
        "/hints" => pour(&mut visitor, b"HTTP/1.1 103 Early Hints\r\nlink: <x>; rel=preload\r\n\r\n"),
        "/round" => write!(visitor, "HTTP/1.1 302 Found\r\nlocation: /round\r\ncontent-length: 0\r\n\r\n"),
        "/to-file" => {
            write!(visitor, "HTTP/1.1 302 Found\r\nlocation: file:///etc/passwd\r\ncontent-length: 0\r\n\r\n")
        }
        "/to-nowhere" => write!(visitor, "HTTP/1.1 302 Found\r\nlocation: http://[\r\ncontent-length: 0\r\n\r\n"),
        "/archive.zip" => {
            write!(visitor, "{begin}\r\n")?;
            visitor.write_all(&[b"PK\x03\x04".as_slice(), &[0; 60_000]].concat())
        }
        // Each page has something new and a page behind it.
        "/pages" => {
            let number: usize = path.split('?').nth(1).and_then(|number| number.parse().ok()).unwrap_or(0);
            write!(
                visitor,
                "{begin}\r\n<feed xmlns='http://www.w3.org/2005/Atom'><link rel='next' href='/pages?{}'/><entry>\
                 <id>{number}</id><title>{number}</title><link href='https://a.example/{number}'/></entry></feed>",
                number + 1
            )
        }
        _ => Ok(()),
    }
}

/// The head of a file in gzip (RFC 1952).
const GZIP: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Blocks of DEFLATE that become a megabyte of zeros, behind which others may come.
fn megabyte_of_nothing() -> Vec<u8> {
    let mut compress = Compress::new(Compression::fast(), false);
    let mut blocks = Vec::with_capacity(64 * 1024);
    compress.compress_vec(&[0; 1 << 20], &mut blocks, FlushCompress::Full).expect("zeros can be compressed");
    blocks
}
