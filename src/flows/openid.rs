//! Signing in with an OpenID Connect provider: the way there, the way back, and who it is (code flow with PKCE).

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::sign_in::{self, Tokens};
use super::{FlowError, House};
use crate::config::OpenIdProvider;
use crate::content::fetch::FetchError;
use crate::content::post::Posting;
use crate::domain::address::EmailAddress;
use crate::domain::id_token::{self, Awaited, Identity, TokenFault};
use crate::domain::token::hex;
use crate::domain::verifying_key::Jwk;
use crate::store::users::UserRow;
use crate::store::{Tx, audit, oidc_tries, users};

/// Where the provider sends people back to.
pub const BACK: &str = "/admin/login/oidc/back";
/// How long somebody may take to sign in there.
pub const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// How long the provider may take for one answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// Somebody goes to the provider.
pub struct Departure {
    pub place: Url,
    /// What their browser keeps until they are back; without it nobody comes in, whatever the address says.
    pub browser: String,
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum OpenIdFault {
    #[error("no provider is set")]
    NotSet,
    /// It does not answer, or not as the standard says.
    #[error("the provider does not answer as it should: {0}")]
    Provider(String),
    /// The provider, or somebody there, said no.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// The way back is none that we opened: old, used, or of another browser.
    #[error("the way back from the provider is none of ours, or was used")]
    Lost,
    #[error("the provider's token is not believed: {0}")]
    Token(#[from] TokenFault),
    /// Nobody here is whom the provider means.
    #[error("the provider's user is no user here")]
    Nobody,
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl From<crate::store::StoreError> for OpenIdFault {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Flow(error.into())
    }
}

impl From<FetchError> for OpenIdFault {
    fn from(error: FetchError) -> Self {
        Self::Provider(error.to_string())
    }
}

/// What the provider says of itself (OpenID Connect Discovery section 3).
#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Deserialize)]
struct KeySet {
    // One key that we cannot read spoils no other.
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Granted {
    id_token: String,
}

/// The name of the provider, where one is set.
pub fn provider_name(house: &House) -> Option<&str> {
    house.config.oidc.as_ref().map(|provider| provider.name.as_str())
}

/// Sends somebody to the provider; `next` is where they wanted to go here.
///
/// # Errors
/// [`OpenIdFault`]
pub async fn depart(house: &House, next: &str) -> Result<Departure, OpenIdFault> {
    let provider = provider(house)?;
    let discovered = discover(house, provider).await?;
    let browser = hex(&house.clock.random::<32>());
    let state = derived(house, "oidc-state", &browser);
    let mut place = discovered.authorization_endpoint;
    let challenge = digest(&SHA256, derived(house, "oidc-verifier", &browser).as_bytes());
    place
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.client_id)
        .append_pair("redirect_uri", &back(house))
        .append_pair("scope", "openid email profile")
        .append_pair("state", &state)
        .append_pair("nonce", &derived(house, "oidc-nonce", &browser))
        .append_pair("code_challenge", &BASE64_URL_SAFE_NO_PAD.encode(challenge))
        .append_pair("code_challenge_method", "S256");
    let mut tx = house.db.write().await?;
    oidc_tries::insert(&mut tx, &stored(house, &state), next, house.clock.now().plus(PATIENCE)).await?;
    tx.commit().await?;
    Ok(Departure { place, browser })
}

/// What the address says with which somebody comes back (RFC 6749 section 4.1.2, RFC 9207).
#[derive(Clone, Copy, Debug, Default)]
pub struct Return<'a> {
    pub code: &'a str,
    pub state: &'a str,
    /// The issuer, where the provider names itself.
    pub iss: &'a str,
    pub error: &'a str,
}

/// Somebody comes back. Signs in the user whom the provider means: who came this way before, or who has the address
/// that the provider has verified. It makes no users and gives no roles; its own second step is trusted.
///
/// # Errors
/// [`OpenIdFault`]
pub async fn arrive(
    house: &House,
    said: Return<'_>,
    browser: Option<&str>,
    held: Option<&str>,
) -> Result<(Tokens, String), OpenIdFault> {
    let provider = provider(house)?;
    let browser = browser.ok_or(OpenIdFault::Lost)?;
    let state = derived(house, "oidc-state", browser);
    if aws_lc_rs::constant_time::verify_slices_are_equal(state.as_bytes(), said.state.as_bytes()).is_err() {
        return Err(OpenIdFault::Lost);
    }
    let mut tx = house.db.write().await?;
    let next = oidc_tries::take(&mut tx, &stored(house, &state), house.clock.now()).await?;
    tx.commit().await?;
    let next = next.ok_or(OpenIdFault::Lost)?;
    if !said.error.is_empty() || said.code.is_empty() {
        return Err(OpenIdFault::Refused(said.error.chars().filter(char::is_ascii_graphic).take(60).collect()));
    }
    if !said.iss.is_empty() && said.iss != provider.issuer_text {
        return Err(TokenFault::Issuer.into());
    }
    let discovered = discover(house, provider).await?;
    let token = redeem(house, provider, &discovered, said.code, browser).await?;
    let keys: KeySet = ask(house, provider, &discovered.jwks_uri, Vec::new(), None).await?;
    let keys: Vec<Jwk> = keys.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
    let nonce = derived(house, "oidc-nonce", browser);
    let awaited = Awaited {
        issuer: &provider.issuer_text,
        client_id: &provider.client_id,
        nonce: &nonce,
        now: house.clock.now(),
    };
    let identity = id_token::check(&token, &keys, awaited)?;

    let mut tx = house.db.write().await?;
    let Some(user) = find(house, &mut tx, provider, &identity).await? else {
        // Sign-ins by people who are no users here are worth a look, and their address is not ours to keep.
        let subject = &house.keys.hash_text(&format!("oidc {}", identity.subject))[..8];
        tracing::warn!(subject = hex(subject), "somebody was not let in: the provider's user is no user here");
        return Err(OpenIdFault::Nobody);
    };
    let tokens = sign_in::begin(house, &mut tx, &user, held, false).await?;
    tx.commit().await?;
    Ok((tokens, next))
}

/// The user whom the provider means, tied to it from now on.
async fn find(
    house: &House,
    tx: &mut Tx,
    provider: &OpenIdProvider,
    identity: &Identity,
) -> Result<Option<UserRow>, FlowError> {
    let subject = format!("{} {}", provider.issuer_text, identity.subject);
    if let Some(user) = users::by_oidc_subject(tx, &subject).await? {
        return Ok(Some(user).filter(|user| user.disabled_at.is_none()));
    }
    let Some(email) = identity.email.as_deref().and_then(|text| EmailAddress::parse_any_role(text).ok()) else {
        return Ok(None);
    };
    let found = users::by_email(tx, &email).await?.filter(|user| user.disabled_at.is_none());
    // Who is tied to somebody else there is not taken over by an address that was given to another.
    let ours = |user: &UserRow| {
        let tied = user.oidc_subject.as_deref().and_then(|subject| subject.split_once(' '));
        tied.is_none_or(|(issuer, _)| issuer != provider.issuer_text)
    };
    let Some(user) = found.filter(ours) else { return Ok(None) };
    let now = house.clock.now();
    users::set_oidc_subject(tx, user.id, &subject, now).await?;
    audit::note(tx, &user.email, "user.oidc-tied", &user.email, &provider.name, now).await?;
    Ok(Some(user))
}

fn provider(house: &House) -> Result<&OpenIdProvider, OpenIdFault> {
    house.config.oidc.as_ref().ok_or(OpenIdFault::NotSet)
}

fn back(house: &House) -> String {
    format!("{}{BACK}", house.config.public_url)
}

/// What belongs to one browser's try: nobody who has not its cookie knows any of it, and the database holds none.
fn derived(house: &House, label: &str, browser: &str) -> String {
    hex(hmac::sign(&house.keys.derive(label), browser.as_bytes()).as_ref())
}

fn stored(house: &House, state: &str) -> Vec<u8> {
    hmac::sign(&house.keys.derive("oidc-stored"), state.as_bytes()).as_ref().to_vec()
}

async fn discover(house: &House, provider: &OpenIdProvider) -> Result<Discovered, OpenIdFault> {
    let place = format!("{}/.well-known/openid-configuration", provider.issuer_text.trim_end_matches('/'));
    let place = Url::parse(&place).map_err(|_| OpenIdFault::Provider("its issuer is no address".to_owned()))?;
    let discovered: Discovered = ask(house, provider, &place, Vec::new(), None).await?;
    if discovered.issuer != provider.issuer_text {
        return Err(OpenIdFault::Provider("it calls itself by another issuer than the setting says".to_owned()));
    }
    let places = [&discovered.authorization_endpoint, &discovered.token_endpoint, &discovered.jwks_uri];
    if !provider.private && places.iter().any(|place| place.scheme() != "https") {
        return Err(OpenIdFault::Provider("one of its addresses is not https".to_owned()));
    }
    Ok(discovered)
}

/// Gives the code for the token (RFC 6749 section 4.1.3).
async fn redeem(
    house: &House,
    provider: &OpenIdProvider,
    discovered: &Discovered,
    code: &str,
    browser: &str,
) -> Result<String, OpenIdFault> {
    let methods = &discovered.token_endpoint_auth_methods_supported;
    let in_body = !methods.is_empty() && !methods.iter().any(|method| method == "client_secret_basic");
    let (verifier, secret) = (derived(house, "oidc-verifier", browser), provider.client_secret.reveal());
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", &back(house))
        .append_pair("code_verifier", &verifier);
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
    if in_body {
        form.append_pair("client_id", &provider.client_id).append_pair("client_secret", secret);
    } else {
        // Each half as in a form (RFC 6749 section 2.3.1).
        let half = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = BASE64_STANDARD.encode(format!("{}:{}", half(&provider.client_id), half(secret)));
        headers.push(("authorization", format!("Basic {pair}")));
    }
    let granted: Granted =
        ask(house, provider, &discovered.token_endpoint, headers, Some(form.finish().into_bytes())).await?;
    Ok(granted.id_token)
}

async fn ask<T: DeserializeOwned>(
    house: &House,
    provider: &OpenIdProvider,
    place: &Url,
    mut headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
) -> Result<T, OpenIdFault> {
    headers.push(("accept", "application/json".to_owned()));
    let (url, allow_private) = (place.clone(), provider.private);
    let posting = Posting { url, headers, body, allow_private, patience: ANSWERS_WITHIN };
    let (status, answer) = house.fetcher.post_and_read(posting).await?;
    if status != 200 {
        return Err(OpenIdFault::Provider(format!("{} answers {status}", place.path())));
    }
    serde_json::from_slice(&answer)
        .map_err(|_| OpenIdFault::Provider(format!("{} answers something else", place.path())))
}
