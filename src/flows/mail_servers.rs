//! The mail servers of the settings as connections are opened to them, with the access tokens that some of them want.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::House;
use crate::config::TokenEndpoint;
use crate::content::fetch::Fetcher;
use crate::content::post::Posting;
use crate::domain::smarthost::{Secret, Smarthost};
use crate::mail::smtp::{AccessToken, FetchToken, Relay, Tls};

/// For one answer of a token endpoint.
const PATIENCE: Duration = Duration::from_secs(20);

/// How connections are opened to `server`, as the settings say.
pub fn relay(house: &House, server: &Smarthost, tls: Tls) -> Relay {
    let config = &house.config;
    let relay =
        Relay::new(server.clone(), &config.smtp_ehlo, config.smtp_timeouts, tls).with_limits(config.smtp_limits);
    match &config.smtp_tokens {
        Some(at) => relay.with_tokens(Arc::new(Tokens::new(house.fetcher.clone(), at.clone()))),
        None => relay,
    }
}

/// Access tokens from an endpoint of OAuth 2.0: with a refresh token (RFC 6749 section 6), else as the client that we are
/// (section 4.4).
struct Tokens {
    fetcher: Fetcher,
    at: TokenEndpoint,
    /// The newest refresh token: some providers give a new one each time.
    refresh: Mutex<Option<Secret>>,
}

/// What an endpoint says (RFC 6749 section 5.1).
#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: Option<u64>,
    refresh_token: Option<String>,
}

impl Tokens {
    fn new(fetcher: Fetcher, at: TokenEndpoint) -> Self {
        let refresh = at.refresh.as_ref().map(|token| Secret::new(token.reveal().to_owned()));
        Self { fetcher, at, refresh: Mutex::new(refresh) }
    }

    fn form(&self, refresh: Option<&Secret>) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        match refresh {
            Some(token) => form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", token.reveal()),
            None => form.append_pair("grant_type", "client_credentials"),
        };
        form.append_pair("client_id", &self.at.client_id);
        if let Some(secret) = &self.at.client_secret {
            form.append_pair("client_secret", secret.reveal());
        }
        if let Some(scope) = &self.at.scope {
            form.append_pair("scope", scope);
        }
        form.finish()
    }

    async fn get(&self) -> Result<AccessToken, &'static str> {
        let mut refresh = self.refresh.lock().await;
        let posting = Posting {
            url: self.at.url.clone(),
            headers: vec![
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
                ("accept", "application/json".to_owned()),
            ],
            body: Some(self.form(refresh.as_ref()).into_bytes()),
            // The operator's own choice, which may be a server of the house.
            allow_private: true,
            patience: PATIENCE,
        };
        let (status, body) = self
            .fetcher
            .post_and_read(posting)
            .await
            .map_err(|_| "the endpoint for access tokens cannot be reached")?;
        if status != 200 {
            // Its words may repeat what it was asked.
            tracing::warn!(status, "the endpoint for access tokens gives none");
            return Err(
                "the endpoint for access tokens gives none; look at its client, secret, refresh token and scope",
            );
        }
        let answer: Answer =
            serde_json::from_slice(&body).map_err(|_| "the endpoint for access tokens says nothing of use")?;
        if let Some(next) = answer.refresh_token.filter(|next| !next.is_empty())
            && refresh.is_some()
        {
            *refresh = Some(Secret::new(next));
        }
        let lives = answer.expires_in.map(Duration::from_secs);
        Ok(AccessToken { token: Secret::new(answer.access_token), lives })
    }
}

impl FetchToken for Tokens {
    fn fetch(&self) -> BoxFuture<'_, Result<AccessToken, &'static str>> {
        Box::pin(self.get())
    }
}
