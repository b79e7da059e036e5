//! Amazon SES, whose events come as messages of SNS, signed with a certificate that has to be fetched.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use url::Url;
use webpki::EndEntityCert;
use webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256;

use super::{BASE64, COMPLAINT, CallError, Said, bounce, parse, prove, soft_bounce};
use crate::domain::bounce::BounceClass;
use crate::domain::feedback::Verdict;
use crate::mail::report::Clues;
use base64::Engine as _;

/// A message of SNS, of which nothing is proven yet.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Envelope {
    #[serde(rename = "Type")]
    kind: String,
    message_id: String,
    topic_arn: String,
    message: String,
    timestamp: String,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    certificate_url: String,
    #[serde(default)]
    subject: Option<String>,
    #[serde(rename = "SubscribeURL", default)]
    subscribe_url: Option<String>,
    #[serde(default)]
    token: Option<String>,
}

/// What a proven message is.
#[derive(Debug, PartialEq, Eq)]
pub enum Proven {
    /// The topic asks whether it may call: yes is to look at this address.
    MayICall(Url),
    /// Events.
    Said(Vec<Said>),
}

impl Envelope {
    /// Reads a message.
    ///
    /// # Errors
    /// [`CallError::Unreadable`].
    pub fn read(body: &[u8]) -> Result<Self, CallError> {
        parse(body)
    }

    /// The topic that calls. Anybody can have one of their own, so it must be one of ours.
    pub fn topic(&self) -> &str {
        &self.topic_arn
    }

    /// When it was signed, as it says (RFC 3339).
    pub fn signed_at(&self) -> &str {
        &self.timestamp
    }

    /// Where its certificate lies: at a host of SNS and nowhere else.
    ///
    /// # Errors
    /// [`CallError::Unproven`].
    pub fn certificate_url(&self) -> Result<Url, CallError> {
        of_sns(&self.certificate_url).filter(|url| url.path().ends_with(".pem")).ok_or(CallError::Unproven)
    }

    /// Checks the signature, and reads what is proven.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn prove(self, certificate: &[u8]) -> Result<Proven, CallError> {
        // The first version signs a SHA-1 digest, which no longer proves much: the topic must use the second.
        prove(self.signature_version == "2")?;
        let der = CertificateDer::from_pem_slice(certificate).map_err(|_| CallError::Unproven)?;
        let certificate = EndEntityCert::try_from(&der).map_err(|_| CallError::Unproven)?;
        let signature = BASE64.decode(&self.signature).map_err(|_| CallError::Unproven)?;
        certificate
            .verify_signature(RSA_PKCS1_2048_8192_SHA256, self.signed().as_bytes(), &signature)
            .map_err(|_| CallError::Unproven)?;
        match self.kind.as_str() {
            "SubscriptionConfirmation" => {
                let url = self.subscribe_url.as_deref().and_then(of_sns).ok_or(CallError::Unreadable)?;
                Ok(Proven::MayICall(url))
            }
            "Notification" => Ok(Proven::Said(events(self.message.as_bytes())?)),
            _ => Ok(Proven::Said(Vec::new())),
        }
    }

    /// The fields that are signed, by name, each with its value on a line of its own.
    fn signed(&self) -> String {
        let mut signed = String::new();
        let mut line = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                signed.push_str(&format!("{name}\n{value}\n"));
            }
        };
        line("Message", Some(&self.message));
        line("MessageId", Some(&self.message_id));
        if self.kind == "Notification" {
            line("Subject", self.subject.as_deref());
        } else {
            line("SubscribeURL", self.subscribe_url.as_deref());
        }
        line("Timestamp", Some(&self.timestamp));
        if self.kind != "Notification" {
            line("Token", self.token.as_deref());
        }
        line("TopicArn", Some(&self.topic_arn));
        line("Type", Some(&self.kind));
        signed
    }
}

/// Whether an address is one of SNS: `https://sns.REGION.amazonaws.com/…`, also in China.
pub fn is_of_sns(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let region = host
        .strip_prefix("sns.")
        .and_then(|rest| rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn")));
    let is_region =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    url.scheme() == "https" && url.port().is_none() && url.username().is_empty() && region.is_some_and(is_region)
}

fn of_sns(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(is_of_sns)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(alias = "eventType", default)]
    notification_type: String,
    #[serde(default)]
    bounce: Option<Bounce>,
    #[serde(default)]
    complaint: Option<Complaint>,
    #[serde(default)]
    mail: Mail,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    #[serde(default)]
    bounce_type: String,
    #[serde(default)]
    bounce_sub_type: String,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Recipient {
    status: Option<String>,
    diagnostic_code: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Complaint {
    complaint_feedback_type: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Mail {
    source: String,
    headers: Vec<Header>,
    common_headers: CommonHeaders,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CommonHeaders {
    message_id: String,
}

fn events(message: &[u8]) -> Result<Vec<Said>, CallError> {
    // SES tells a new topic in plain words that all is well.
    let Ok(event) = serde_json::from_slice::<Event>(message) else {
        return if message.starts_with(b"{") { Err(CallError::Unreadable) } else { Ok(Vec::new()) };
    };
    let verdict = match (event.notification_type.as_str(), &event.bounce, &event.complaint) {
        ("Bounce", Some(bounce), _) => Some(bounced(bounce)),
        ("Complaint", _, Some(complaint)) => {
            (complaint.complaint_feedback_type.as_deref() != Some("not-spam")).then_some(COMPLAINT)
        }
        _ => None,
    };
    let clues = clues(&event.mail);
    Ok(verdict.map(|verdict| Said { clues, verdict }).into_iter().collect())
}

fn bounced(told: &Bounce) -> Verdict {
    let recipient = told.bounced_recipients.first();
    let status = recipient.and_then(|recipient| recipient.status.as_deref());
    let words = recipient.map_or("", |recipient| &recipient.diagnostic_code);
    match (told.bounce_type.as_str(), told.bounce_sub_type.as_str()) {
        ("Permanent", _) => bounce(status, words, BounceClass::Gone),
        (_, "MailboxFull") => Verdict::bounce(BounceClass::MailboxFull, status.map(str::to_owned), Some(words)),
        (_, "MessageTooLarge") => Verdict::bounce(BounceClass::TooLarge, status.map(str::to_owned), Some(words)),
        (_, "ContentRejected" | "AttachmentRejected") => {
            Verdict::bounce(BounceClass::Content, status.map(str::to_owned), Some(words))
        }
        _ => soft_bounce(status, words),
    }
}

/// Our own Message-ID, if the service is told to pass headers on, and the envelope sender, which is our return path.
fn clues(mail: &Mail) -> Clues {
    let named = mail.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("message-id"));
    let ids = named.map(|header| header.value.as_str()).chain([mail.common_headers.message_id.as_str()]);
    Clues {
        addresses: vec![mail.source.clone()],
        message_ids: ids.map(|id| id.trim_matches(['<', '>']).to_owned()).filter(|id| !id.is_empty()).collect(),
        ..Clues::default()
    }
}
