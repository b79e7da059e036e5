//! Users and tokens: who may do what, people and programs.

use actix_web::HttpResponse;
use actix_web::web::Data;
use jiff::civil::Date;

use super::{Faulty, outcome};
use crate::domain::role::Role;
use crate::domain::scope::Scope;
use crate::domain::texts::{desk_settings as texts, desk_sure as words};
use crate::domain::time::Timestamp;
use crate::flows::tokens::{self, NewToken};
use crate::flows::{own_account, password_links, second_step, users};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::settings::SettingsTab;
use crate::pages::admin::settings::users::{TokenLine, UserLine, UserStanding, Users, scope_field, tab};
use crate::pages::admin::sure::Question;
use crate::pages::admin::{FormFaults, Place, paths};
use crate::store::tokens::TokenRow;
use crate::store::users::UserRow;
use crate::web::Web;
use crate::web::admin::desk;
use crate::web::admin::visit::Visit;
use crate::web::body::Fields;
use crate::web::problem::Problem;

desk! {
    "/admin/settings/users": get Admin show, post Admin press;
}

/// What was typed, and a token made just now.
#[derive(Default)]
struct Typed {
    email: String,
    token_name: String,
    token_expires: Option<String>,
    scopes: Vec<Scope>,
    new_token: Option<String>,
}

async fn show(web: Data<Web>, visit: Visit) -> Result<HttpResponse, Problem> {
    shown(&web, &visit, &Typed::default(), &Faulty::default()).await
}

async fn press(web: Data<Web>, visit: Visit, form: Fields) -> Result<HttpResponse, Problem> {
    let (house, language, actor) = (&web.house, visit.language, visit.actor());
    let field = |name: &str| form.get(name).unwrap_or_default();
    let id = |name: &str| field(name).parse::<i64>().unwrap_or_default();
    let role = |name: &str| field(name).parse::<Role>().map_err(|_| Problem::bad("there is no such role"));
    let typed = Typed {
        email: field("email").chars().take(254).collect(),
        token_name: field("token_name").to_owned(),
        token_expires: form.get("token_expires").map(str::to_owned),
        scopes: Scope::ALL.iter().copied().filter(|scope| form.get(&scope_field(*scope)).is_some()).collect(),
        new_token: None,
    };
    if form.get("sure").is_none()
        && let Some(answer) = sure(&web, &visit, &form).await?
    {
        return Ok(answer);
    }
    let (saved, notice) = match field("what") {
        "role" => (users::set_role(house, id("user"), role("role")?, actor).await, Notice::Saved),
        "disable" => (users::set_disabled(house, id("user"), true, actor).await.map(drop), Notice::Saved),
        "enable" => (users::set_disabled(house, id("user"), false, actor).await.map(drop), Notice::Saved),
        "sessions" => (users::end_sessions(house, id("user"), actor).await, Notice::Saved),
        "second-stop" => {
            let user = users::one(house, id("user")).await?;
            (second_step::forget(house, &user, actor).await, Notice::Saved)
        }
        "invite" => (password_links::invite(house, &visit.user, &typed.email, role("role")?).await, Notice::Invited),
        "revoke" => (tokens::revoke(house, id("token"), actor).await, Notice::Removed),
        "token" => {
            let Ok(expires) = expiry(&visit, field("token_expires"), house.clock.now()) else {
                let faulty = Faulty::one("token_expires", texts::fault(language, "token_expires", ""));
                return shown(&web, &visit, &typed, &faulty).await;
            };
            let (name, role) = (typed.token_name.as_str(), role("token_role")?);
            let new = NewToken { name, role, scopes: &typed.scopes, expires_at: expires, actor };
            match tokens::create(house, new).await {
                Ok((token, _)) => {
                    let typed = Typed { new_token: Some(token), ..Typed::default() };
                    return shown(&web, &visit, &typed, &Faulty::default()).await;
                }
                Err(error) => (Err(error), Notice::Saved),
            }
        }
        _ => return Err(Problem::bad("this is none of the page's buttons")),
    };
    match outcome(language, saved)? {
        Ok(()) => Ok(visit.done(paths::settings(SettingsTab::Users.segment()), notice)),
        Err(mut faulty) => {
            faulty.rename("name", "token_name");
            shown(&web, &visit, &typed, &faulty).await
        }
    }
}

/// Asks before somebody or something is shut out; nothing for what needs no question.
async fn sure(web: &Web, visit: &Visit, form: &Fields) -> Result<Option<HttpResponse>, Problem> {
    let language = visit.language;
    let what = form.get("what").unwrap_or_default();
    let field = if what == "revoke" { "token" } else { "user" };
    let id = form.get(field).and_then(|id| id.parse::<i64>().ok()).unwrap_or_default();
    let (title, will, button) = match what {
        "revoke" => {
            let all = tokens::all(&web.house).await?;
            let Some(token) = all.into_iter().find(|token| token.id == id) else { return Ok(None) };
            let will = vec![words::revoke_what(language), words::for_good(language)];
            (words::revoke(language, token.name), will, texts::tokens_revoke(language))
        }
        "disable" | "sessions" | "second-stop" => {
            let user = users::one(&web.house, id).await?;
            let name = if user.name.is_empty() { &user.email } else { &user.name };
            let open = own_account::sessions_of(&web.house, &user).await?.len();
            let open = words::sessions_what(language, open);
            match what {
                "disable" => {
                    let will = vec![words::disable_what(language), open, words::can_be_undone(language)];
                    (words::disable(language, name), will, texts::users_disable(language))
                }
                "sessions" => {
                    let will = vec![open, words::sessions_typed(language)];
                    (words::sessions(language, name), will, texts::users_end_sessions(language))
                }
                _ => {
                    let will = vec![words::second_what(language), open];
                    (words::second(language, name), will, texts::users_second_stop(language))
                }
            }
        }
        _ => return Ok(None),
    };
    let tab = paths::settings(SettingsTab::Users.segment());
    Ok(Some(visit.asks(&Question {
        place: Place::Settings,
        title: &title,
        what: &will,
        action: &tab,
        fields: &[("what", what), (field, &id.to_string())],
        button: &button,
        back: &tab,
    })))
}

/// The end of the day that was typed, where the newsletter's clock hangs; nothing typed is no end.
fn expiry(visit: &Visit, typed: &str, now: Timestamp) -> Result<Option<Timestamp>, ()> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    let day: Date = typed.trim().parse().map_err(|_| ())?;
    let end = day.tomorrow().map_err(|_| ())?.at(0, 0, 0, 0);
    let end = Timestamp::from_local(end, &visit.zone());
    if end > now { Ok(Some(end)) } else { Err(()) }
}

async fn shown(web: &Web, visit: &Visit, typed: &Typed, faulty: &Faulty) -> Result<HttpResponse, Problem> {
    let house = &web.house;
    let (people, programs) = (users::all(house).await?, tokens::all(house).await?);
    let people: Vec<UserLine<'_>> = people.iter().map(|user| line(visit, user)).collect();
    let holding = programs.iter().filter(|token| token.revoked_at.is_none());
    let programs: Vec<(&TokenRow, Vec<Scope>)> = holding.map(|token| (token, token.scopes())).collect();
    let programs: Vec<TokenLine<'_>> =
        programs.iter().map(|(token, scopes)| token_line(visit, token, scopes)).collect();
    let today = visit.moment(house.clock.now()).date();
    let in_a_year = today.checked_add(jiff::Span::new().years(1)).unwrap_or(today).to_string();
    let (faults, status) = (faulty.pairs(), faulty.status());
    let page = Users {
        users: &people,
        tokens: &programs,
        new_token: typed.new_token.as_deref(),
        email: &typed.email,
        token_name: &typed.token_name,
        token_expires: typed.token_expires.as_deref().unwrap_or(&in_a_year),
        scopes: &typed.scopes,
        faults: FormFaults(&faults),
    };
    Ok(visit.page(status, |desk| tab(desk, &page)))
}

fn line<'a>(visit: &Visit, user: &'a UserRow) -> UserLine<'a> {
    let standing = match (user.disabled_at, &user.password_hash) {
        (Some(_), _) => UserStanding::Disabled,
        (None, None) => UserStanding::Invited,
        (None, Some(_)) => UserStanding::Active,
    };
    UserLine {
        id: user.id,
        name: if user.name.is_empty() { &user.email } else { &user.name },
        email: &user.email,
        role: user.role,
        standing,
        second_factor: second_step::is_on(user),
        last_seen: user.last_seen_at.map(|moment| visit.moment(moment)),
    }
}

fn token_line<'a>(visit: &Visit, token: &'a TokenRow, scopes: &'a [Scope]) -> TokenLine<'a> {
    TokenLine {
        id: token.id,
        name: &token.name,
        role: token.role,
        scopes,
        expires: token.expires_at.map(|moment| visit.moment(moment).date()),
        last_used: token.last_used_at.map(|moment| visit.moment(moment)),
    }
}
