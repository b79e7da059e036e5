//! Bodies as they come in: bounded in size and in time, whatever their sender promises.

use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use super::problem::Problem;

/// Longest form, in bytes: our longest field is an address.
const FORM_BYTES: usize = 64 * 1024;
/// Longest form of an edition: an introduction and a hundred summaries.
const LONG_FORM_BYTES: usize = 1024 * 1024;
/// How many whom nobody knows may send such a long one at a time.
static LONG_OF_STRANGERS: Semaphore = Semaphore::const_new(8);
/// Who sends a body more slowly than this does not mean it.
const PATIENCE: Duration = Duration::from_secs(20);

/// The two ways in which browsers and scripts send a form.
pub const FORM_KINDS: [&str; 2] = ["application/x-www-form-urlencoded", "multipart/form-data"];

/// Reads a body to its end.
///
/// # Errors
/// When it is longer than `most` bytes, takes too long, or breaks off.
pub async fn read(request: &HttpRequest, payload: &mut Payload, most: usize) -> Result<Bytes, Problem> {
    read_within(request, payload, most, PATIENCE).await
}

async fn read_within(
    request: &HttpRequest,
    payload: &mut Payload,
    most: usize,
    patience: Duration,
) -> Result<Bytes, Problem> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(Problem::TooLarge { most });
    }
    let whole = async {
        let mut body = Vec::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Problem::bad("the body broke off before its end"))?;
            if body.len() + chunk.len() > most {
                return Err(Problem::TooLarge { most });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Bytes::from(body))
    };
    tokio::time::timeout(patience, whole).await.unwrap_or(Err(Problem::TooSlow))
}

/// Reads a long form of somebody who is not signed in: not too many of them at a time.
///
/// # Errors
/// As [`read`], and when there are too many.
pub async fn read_long(request: &HttpRequest, payload: &mut Payload, most: usize) -> Result<Bytes, Problem> {
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    // Who does not say how long it is, or says that it is short, is held to what every form may have.
    if announced.is_none_or(|length| length <= FORM_BYTES) {
        return read(request, payload, most.min(FORM_BYTES)).await;
    }
    let _one_of_few = LONG_OF_STRANGERS.try_acquire().map_err(|_| Problem::TooMany { retry_after: PATIENCE })?;
    read(request, payload, most).await
}

/// What kind of body it says it is: the media type in lower case, without parameters.
pub fn media_type(request: &HttpRequest) -> String {
    let header = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A form as browsers send it; fields that we do not know are left alone. Those of whoever signs in may be long: they carry
/// along what was typed into another one.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = read_long(&request, &mut payload, LONG_FORM_BYTES).await?;
            fields_of(&request, &body).map(Self)
        })
    }
}

fn fields_of<T: DeserializeOwned>(request: &HttpRequest, body: &[u8]) -> Result<T, Problem> {
    if media_type(request) != "application/x-www-form-urlencoded" && !body.is_empty() {
        return Err(Problem::MediaType { wanted: "application/x-www-form-urlencoded" });
    }
    actix_web::web::Query::<T>::from_query(&String::from_utf8_lossy(body))
        .map(actix_web::web::Query::into_inner)
        .map_err(|_| Problem::bad("these are not the fields of our form"))
}

/// The fields of a form in either of the two ways in which mail programs send one (RFC 8058 section 3.2);
/// a body that is neither has none.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// As browsers write them.
    pub fn parse(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// The first value of this field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Every field with its value, in the order of the form.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The fields of the one form that may be long: an edition's, with all its articles.
pub struct LongFields(pub Fields);

impl FromRequest for LongFields {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = read(&request, &mut payload, LONG_FORM_BYTES).await?;
            Ok(Self(Fields(url::form_urlencoded::parse(&body).into_owned().collect())))
        })
    }
}

impl FromRequest for Fields {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = read(&request, &mut payload, FORM_BYTES).await?;
            match media_type(&request).as_str() {
                "multipart/form-data" => Ok(Self(parts(&request, body).await.unwrap_or_default())),
                // Programs that write their own requests end the line, which is no part of the last value.
                "application/x-www-form-urlencoded" | "" => {
                    Ok(Self(url::form_urlencoded::parse(body.trim_ascii_end()).into_owned().collect()))
                }
                _ => Ok(Self(Vec::new())),
            }
        })
    }
}

/// Longest file that may come with a form, in bytes.
pub const UPLOAD_BYTES: usize = 32 * 1024 * 1024;
/// A file of that size takes its time on a slow line.
const UPLOAD_PATIENCE: Duration = Duration::from_secs(300);

/// A form with a file, or the buttons of the page behind it.
#[derive(Default)]
pub struct Upload {
    fields: Vec<(String, String)>,
    /// Its name, and what is in it.
    pub file: Option<(String, Bytes)>,
}

impl Upload {
    /// The first value of this field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Reads it to its end. Not an extractor: nobody's file is read before they are let in.
    ///
    /// # Errors
    /// When it is too long, too slow, or breaks off.
    pub async fn read(request: &HttpRequest, payload: &mut Payload) -> Result<Self, Problem> {
        let body = read_within(request, payload, UPLOAD_BYTES, UPLOAD_PATIENCE).await?;
        if media_type(request) != "multipart/form-data" {
            return Ok(Self { fields: url::form_urlencoded::parse(&body).into_owned().collect(), file: None });
        }
        let broken = || Problem::bad("these are not the fields of our form");
        let whole = stream::once(async { Ok::<_, actix_web::error::PayloadError>(body) });
        let mut multipart = Multipart::new(request.headers(), whole);
        let mut upload = Self::default();
        while let Some(mut field) = multipart.try_next().await.map_err(|_| broken())? {
            let name = field.name().unwrap_or_default().to_owned();
            let file_name = field.content_disposition().and_then(|disposition| disposition.get_filename());
            let file_name = file_name.map(str::to_owned);
            let mut value = Vec::new();
            while let Some(chunk) = field.try_next().await.map_err(|_| broken())? {
                value.extend_from_slice(&chunk);
            }
            match file_name {
                Some(file_name) if !value.is_empty() => upload.file = Some((file_name, Bytes::from(value))),
                Some(_) => {}
                None => upload.fields.push((name, String::from_utf8_lossy(&value).trim().to_owned())),
            }
        }
        Ok(upload)
    }
}

/// The parts of a body that has been read already, and so is as short as a form may be.
async fn parts(request: &HttpRequest, body: Bytes) -> Option<Vec<(String, String)>> {
    let whole = stream::once(async { Ok::<_, actix_web::error::PayloadError>(body) });
    let mut multipart = Multipart::new(request.headers(), whole);
    let mut fields = Vec::new();
    while let Some(mut field) = multipart.try_next().await.ok()? {
        let name = field.name().unwrap_or_default().to_owned();
        let mut value = Vec::new();
        while let Some(chunk) = field.try_next().await.ok()? {
            value.extend_from_slice(&chunk);
        }
        fields.push((name, String::from_utf8_lossy(&value).trim().to_owned()));
    }
    Some(fields)
}
