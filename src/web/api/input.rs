//! Bodies and queries of the API: every fault at once, each with the name of its field.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use aws_lc_rs::digest;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::flows::FlowError;
use crate::web::body::{media_type, read};
use crate::web::problem::{FieldFault, Problem};

/// Longest body, in bytes; the longest text in it is an edition's introduction.
const JSON_BYTES: usize = 256 * 1024;
/// Most items on a page of a list.
const MOST: i64 = 200;
const USUAL: i64 = 50;

/// A body in JSON. No body is an empty object. What is wrong with it is told only once the caller is known.
pub struct Json<T> {
    pub value: Result<T, Problem>,
    /// What is left of a faulty body, so that the rest of it can be looked at too.
    rest: Option<T>,
    /// Tells one body from another (SHA-256).
    pub digest: Vec<u8>,
}

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = read(&request, &mut payload, JSON_BYTES).await?;
            let digest = digest::digest(&digest::SHA256, &body).as_ref().to_vec();
            Ok(match object(&media_type(&request), &body).map(checked) {
                Ok(Ok(value)) => Self { value: Ok(value), rest: None, digest },
                Ok(Err(Faulty { faults, rest })) => Self { value: Err(Problem::faulty(faults)), rest, digest },
                Err(problem) => Self { value: Err(problem), rest: None, digest },
            })
        })
    }
}

impl<T> Json<T> {
    /// The body, or everything that is wrong with it: also what only `look` sees, which reads and changes nothing.
    ///
    /// # Errors
    /// With every fault. A sound body is not looked at: whoever acts on it does that.
    pub async fn or_every_fault(self, look: impl AsyncFnOnce(T) -> Result<(), FlowError>) -> Result<T, Problem> {
        match (self.value, self.rest) {
            (Err(Problem::BadInput { mut faults, .. }), Some(rest)) => {
                if let Err(FlowError::Invalid(more)) = look(rest).await {
                    // A field that cannot be read stands empty in the rest, which is no second fault.
                    let shapeless: Vec<String> = faults.iter().map(|fault| fault.field.clone()).collect();
                    let more = more.0.into_iter().filter(|fault| shapeless.iter().all(|field| *field != fault.field));
                    faults.extend(more.map(FieldFault::from));
                }
                Err(Problem::faulty(faults))
            }
            (value, _) => value,
        }
    }
}

fn object(kind: &str, body: &[u8]) -> Result<Map<String, Value>, Problem> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    if kind != "application/json" && kind != "application/merge-patch+json" {
        return Err(Problem::MediaType { wanted: "application/json" });
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Problem::bad("the body must be a JSON object")),
        Err(error) => Err(Problem::bad(format!("the body is not JSON: {error}"))),
    }
}

/// The parameters behind the question mark, and what is left of faulty ones. What is wrong with them is told only once the
/// caller is known.
pub struct Query<T>(pub Result<T, Problem>, Option<T>);

impl<T> Query<T> {
    /// The parameters and what `look` makes of them, or everything that is wrong with them: also what only `look` sees.
    ///
    /// # Errors
    /// With every fault.
    pub fn with<P>(self, look: impl FnOnce(&T) -> Result<P, Problem>) -> Result<(T, P), Problem> {
        match (self.0, self.1) {
            (Ok(value), _) => look(&value).map(|made| (value, made)),
            (Err(Problem::BadInput { mut faults, .. }), Some(rest)) => {
                if let Err(Problem::BadInput { faults: more, .. }) = look(&rest) {
                    let shapeless: Vec<String> = faults.iter().map(|fault| fault.field.clone()).collect();
                    faults.extend(more.into_iter().filter(|fault| !shapeless.contains(&fault.field)));
                }
                Err(Problem::faulty(faults))
            }
            (Err(problem), _) => Err(problem),
        }
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
        let fields = pairs.map(|(name, value)| match value.parse::<i64>() {
            Ok(number) if matches!(&*name, "limit" | "count") => (name.into_owned(), number.into()),
            _ => (name.into_owned(), value.into_owned().into()),
        });
        std::future::ready(Ok(match checked(fields.collect()) {
            Ok(value) => Self(Ok(value), None),
            Err(Faulty { faults, rest }) => Self(Err(Problem::faulty(faults)), rest),
        }))
    }
}

/// Most fields of a body or a query; no call knows half as many.
const MOST_FIELDS: usize = 100;

/// What is wrong with an object, and what is left of it without that.
struct Faulty<T> {
    faults: Vec<FieldFault>,
    rest: Option<T>,
}

/// Reads an object into what it should be. The reader stops at its first fault, so each field is tried alone first.
fn checked<T: DeserializeOwned>(mut fields: Map<String, Value>) -> Result<T, Faulty<T>> {
    if fields.len() > MOST_FIELDS {
        let message = format!("has {} fields; no call takes more than {MOST_FIELDS}", fields.len());
        return Err(Faulty { faults: vec![FieldFault { field: "body".to_owned(), message }], rest: None });
    }
    let alone = |name: &str, value: &Value| {
        let alone = Map::from_iter([(name.to_owned(), value.clone())]);
        serde_json::from_value::<T>(Value::Object(alone)).err().filter(|error| missing(error).is_none())
    };
    let mut faults = Vec::new();
    for (name, value) in &fields {
        if let Some(error) = alone(name, value) {
            faults.push(FieldFault { field: name.clone(), message: error.to_string() });
        }
    }
    fields.retain(|name, _| faults.iter().all(|fault| fault.field != *name));
    loop {
        match serde_json::from_value::<T>(Value::Object(fields.clone())) {
            Ok(value) if faults.is_empty() => return Ok(value),
            Ok(rest) => return Err(Faulty { faults, rest: Some(rest) }),
            Err(error) => {
                let Some(field) = missing(&error).filter(|field| !fields.contains_key(field)) else {
                    if faults.is_empty() {
                        faults.push(FieldFault { field: "body".to_owned(), message: error.to_string() });
                    }
                    return Err(Faulty { faults, rest: None });
                };
                if faults.iter().all(|fault| fault.field != field) {
                    faults.push(FieldFault { field: field.clone(), message: "is needed".to_owned() });
                }
                // Something that may stand there stands in for it, to find out what else is missing.
                let Some(stand_in) = stand_ins().find(|value| alone(&field, value).is_none()) else {
                    return Err(Faulty { faults, rest: None });
                };
                fields.insert(field, stand_in);
            }
        }
    }
}

/// One value of each kind that a field may want.
fn stand_ins() -> impl Iterator<Item = Value> {
    let texts = ["", "reader@example.org", "nl", "2026-01-01T00:00:00Z"].into_iter().map(Value::from);
    texts.chain([Value::from(0), Value::from(false), Value::Array(Vec::new()), Value::Object(Map::new())])
}

/// The field that serde misses, by the one sentence it has for that.
fn missing(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    Some(text.strip_prefix("missing field `")?.split_once('`')?.0.to_owned())
}

/// Which page of a list is asked for.
pub struct Page {
    pub limit: i64,
    pub after: Option<i64>,
}

impl Page {
    /// From the parameters `limit` and `cursor`.
    ///
    /// # Errors
    /// With every fault.
    pub fn new(limit: Option<i64>, cursor: Option<&str>) -> Result<Self, Problem> {
        let mut faults = Vec::new();
        let mut fault = |field: &str, message: &str| {
            faults.push(FieldFault { field: field.to_owned(), message: message.to_owned() });
        };
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            fault("limit", "must be a number from 1 to 200");
        }
        let after = cursor.map(str::parse::<i64>).transpose();
        if after.is_err() {
            fault("cursor", "must be the “next” of the page before");
        }
        if !faults.is_empty() {
            return Err(Problem::faulty(faults));
        }
        Ok(Self { limit, after: after.unwrap_or_default() })
    }

    /// Where the next page begins, as long as this one is full.
    pub fn next<T>(&self, rows: &[T], key: impl Fn(&T) -> i64) -> Option<String> {
        let full = i64::try_from(rows.len()).is_ok_and(|count| count == self.limit);
        rows.last().filter(|_| full).map(|last| key(last).to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        email: crate::domain::address::EmailAddress,
        title: String,
        url: String,
        #[serde(default)]
        count: Option<u8>,
    }

    fn faulty(value: Value) -> Vec<String> {
        let Value::Object(fields) = value else { panic!("an object") };
        let faults = checked::<Input>(fields).err().map_or_else(Vec::new, |faulty| faulty.faults);
        faults.into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn every_fault_is_told_with_its_field() {
        let email = "ada@example.org";
        assert_eq!(faulty(json!({"email": email, "title": "a", "url": "b", "count": 1})), [""; 0]);
        let all = json!({"email": "ada", "title": 1, "count": 300, "colour": "red"});
        assert_eq!(faulty(all), ["colour", "count", "email", "title", "url"]);
        assert_eq!(faulty(json!({})), ["email", "title", "url"]);
    }

    #[test]
    fn a_body_of_very_many_fields_costs_no_time() {
        let many: Map<String, Value> = (0..30_000).map(|n| (n.to_string(), n.into())).collect();
        let faults = checked::<Input>(many).expect_err("no call takes so many").faults;
        assert_eq!(faults.len(), 1);
        assert!(faults[0].message.contains("30000"), "{faults:?}");
    }
}
