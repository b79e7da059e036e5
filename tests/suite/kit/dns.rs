//! A DNS server for one test: it knows what the test told it, and says of everything else that there is no such name.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use hickory_proto::op::{Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::tlsa::{CertUsage, Matching, Selector};
use hickory_proto::rr::rdata::{A, AAAA, MX, TLSA, TXT};
use hickory_proto::rr::{Name, RData, Record};

/// Name, type and value: `("example.nl", "MX", "10 mail.example.nl")`. A name below `signed.` is vouched for; of one of the type
/// `FAIL` the server cannot say anything.
pub type Entry = (&'static str, &'static str, String);

/// Serves these entries on a port of the loopback interface for as long as the test's process lives; where.
pub fn serve(entries: Vec<Entry>) -> SocketAddr {
    let entries = Arc::new(entries);
    let (udp, tcp) = loop {
        let udp = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        // The same number for both, because a cut-off answer is asked for again over TCP.
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().expect("it is bound")) {
            break (udp, tcp);
        }
    };
    let address = udp.local_addr().expect("it is bound");
    let over_udp = Arc::clone(&entries);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((length, who)) = udp.recv_from(&mut buffer) {
            let answer = answer(&over_udp, &buffer[..length]);
            let whole = answer.to_vec().expect("answers can be written");
            // As small as the oldest servers' packets: long answers must come over TCP.
            let bytes = if whole.len() > 512 { answer.truncate().to_vec().expect("so can short ones") } else { whole };
            let _ = udp.send_to(&bytes, who);
        }
    });
    std::thread::spawn(move || {
        for stream in tcp.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut length = [0; 2];
            if stream.read_exact(&mut length).is_err() {
                continue;
            }
            let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
            if stream.read_exact(&mut question).is_ok() {
                let bytes = answer(&entries, &question).to_vec().expect("answers can be written");
                let length = u16::try_from(bytes.len()).expect("the test's answers fit");
                let _ = stream.write_all(&[&length.to_be_bytes(), &bytes[..]].concat());
            }
        }
    });
    address
}

fn answer(entries: &[Entry], question: &[u8]) -> Message {
    let question = Message::from_vec(question).expect("we ask well-formed questions");
    let query = question.queries[0].clone();
    let name = query.name().to_ascii().trim_end_matches('.').to_ascii_lowercase();
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    let there: Vec<&Entry> = entries.iter().filter(|(entry, ..)| *entry == name).collect();
    // A name above another one exists as well, with nothing of its own (RFC 8020).
    let above = entries.iter().any(|(entry, ..)| entry.ends_with(&format!(".{name}")));
    if there.is_empty() && !above {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    if there.iter().any(|(_, kind, _)| *kind == "FAIL") {
        answer.metadata.response_code = ResponseCode::ServFail;
    }
    answer.metadata.authentic_data = name.contains("signed.");
    for (_, kind, value) in there {
        if *kind == query.query_type().to_string() {
            answer.add_answer(Record::from_rdata(query.name().clone(), 60, data(kind, value)));
        }
    }
    answer.add_query(query);
    answer
}

fn data(kind: &str, value: &str) -> RData {
    let name = |text: &str| Name::from_ascii(format!("{}.", text.trim_end_matches('.'))).expect("a name");
    match kind {
        "A" => RData::A(A(value.parse().expect("an address"))),
        "AAAA" => RData::AAAA(AAAA(value.parse().expect("an address"))),
        "MX" => {
            let (preference, host) = value.split_once(' ').expect("preference and host");
            RData::MX(MX::new(preference.parse().expect("a number"), name(host)))
        }
        "TXT" => {
            let parts = value.as_bytes().chunks(255);
            RData::TXT(TXT::new(parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect()))
        }
        "TLSA" => RData::TLSA(TLSA::new(CertUsage::DaneEe, Selector::Spki, Matching::Sha256, vec![7; 32])),
        other => panic!("the test's DNS server has no {other}"),
    }
}
