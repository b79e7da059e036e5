//! One's own account: language, password, and where one is signed in.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::cookies::{self, keep};
use super::desk;
use super::login::Kept;
use super::visit::{Visit, see_other};
use crate::domain::texts::{desk as desk_texts, desk_settings as texts};
use crate::flows::own_account;
use crate::flows::second_step::{self, Stopped};
use crate::pages::admin::account::{Account, SecondStep, Session, page};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::{FormFaults, paths};
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::client::Client;
use crate::web::problem::Problem;

desk! {
    "/admin/account": get Viewer show, post Viewer press;
}

async fn show(web: Data<Web>, visit: Visit) -> Result<HttpResponse, Problem> {
    shown(&web, &visit, &[]).await
}

async fn press(
    web: Data<Web>,
    request: HttpRequest,
    client: Client,
    visit: Visit,
    form: Fields,
) -> Result<HttpResponse, Problem> {
    let house = &web.house;
    let field = |name: &str| form.get(name).unwrap_or_default();
    match field("what") {
        "language" => {
            let language = field("language").parse().map_err(|_| Problem::bad("there is no such language"))?;
            own_account::set_language(house, &visit.user, language).await?;
            Ok(visit.done(paths::ACCOUNT, Notice::Saved))
        }
        "password" => {
            let url = &house.config.public_url;
            let held = cookies::session(&request, url);
            match own_account::change_password(house, &visit.user, field("current"), field("password"), held.as_deref())
                .await?
            {
                own_account::Change::Done(tokens) => Ok(keep(visit.done(paths::ACCOUNT, Notice::Saved), &tokens, url)),
                own_account::Change::Wrong => {
                    shown(&web, &visit, &[("current", texts::account_password_wrong(visit.language))]).await
                }
                own_account::Change::Invalid(fault) => {
                    shown(&web, &visit, &[("password", texts::password_fault(visit.language, fault))]).await
                }
            }
        }
        "sessions" => {
            own_account::sign_out_others(house, &visit.user, &visit.session.hash).await?;
            Ok(visit.done(paths::ACCOUNT, Notice::Saved))
        }
        "second-start" => {
            second_step::start(house, &visit.user).await?;
            Ok(see_other(paths::ACCOUNT))
        }
        "second-confirm" => match second_step::confirm(house, &visit.user, field("code"), &visit.session.hash).await? {
            Some(codes) => page_of(&web, &visit, SecondStep::New { recovery: &codes }, &[]).await,
            None => shown(&web, &visit, &[("code", desk_texts::code_wrong(visit.language))]).await,
        },
        "second-stop" => {
            let kept = Kept::of(&request, &house.config.public_url);
            match second_step::stop(house, &visit.user, field("code"), kept.from(client)).await? {
                Stopped::Done => Ok(visit.done(paths::ACCOUNT, Notice::Saved)),
                Stopped::Wrong => shown(&web, &visit, &[("code", desk_texts::code_wrong(visit.language))]).await,
                Stopped::TooOften { retry_after } => Err(Problem::TooMany { retry_after }),
            }
        }
        _ => Ok(see_other(paths::ACCOUNT)),
    }
}

async fn shown(web: &Web, visit: &Visit, faults: &[(&str, String)]) -> Result<HttpResponse, Problem> {
    let begun = second_step::begun(&web.house, &visit.user);
    let second_step = match (&visit.user.totp_secret, &begun) {
        (Some(_), _) => SecondStep::On,
        (None, Some(begun)) => SecondStep::Begun { secret: &begun.secret, uri: &begun.uri },
        (None, None) => SecondStep::Off,
    };
    page_of(web, visit, second_step, faults).await
}

async fn page_of(
    web: &Web,
    visit: &Visit,
    second_step: SecondStep<'_>,
    faults: &[(&str, String)],
) -> Result<HttpResponse, Problem> {
    let sessions = own_account::sessions_of(&web.house, &visit.user).await?;
    let sessions: Vec<Session> = sessions
        .iter()
        .map(|session| Session {
            since: visit.moment(session.created_at),
            seen: visit.moment(session.last_seen_at),
            this_one: session.hash == visit.session.hash,
        })
        .collect();
    let told: Vec<(&str, &str)> = faults.iter().map(|(field, message)| (*field, message.as_str())).collect();
    let account = Account { second_step, sessions: &sessions, faults: FormFaults(&told) };
    let view = |desk: &crate::pages::admin::Desk<'_>| page(desk, &account);
    Ok(if told.is_empty() { visit.show(view) } else { visit.again(view) })
}
