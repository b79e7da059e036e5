//! Somebody at the desk: who they are, in which language, and which newsletter they have in hand.

use std::fmt::Display;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, LOCATION};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use maud::Markup;

use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::schedule::zone;
use crate::domain::time::Timestamp;
use crate::flows::sign_in::SignedIn;
use crate::flows::subscribe::organisation;
use crate::flows::{FlowError, House};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::sure::{self, Question};
use crate::pages::admin::{Desk, NewsletterChoice, User};
use crate::store::newsletters::{self, NewsletterRow};
use crate::store::sessions::SessionRow;
use crate::store::users::UserRow;
use crate::web::problem::Problem;
use crate::web::public::language_asked;

/// What a query says for one time only.
const PASSING: [&str; 3] = ["language", "done", "pressed"];

/// One request of somebody whom the gate has let in. Handlers take it as an argument.
pub struct Visit {
    pub user: UserRow,
    pub session: SessionRow,
    /// Of this page: the user's own, or the one its address asks for.
    pub language: Language,
    newsletters: Vec<NewsletterRow>,
    /// Which of them is in hand.
    in_hand: usize,
    path: String,
    /// What the address asks for besides the language and the news of the last press.
    query: Vec<(String, String)>,
    notice: Option<Notice>,
}

impl FromRequest for Visit {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions_mut().remove::<Self>().ok_or(Problem::Internal))
    }
}

impl Visit {
    /// The gate has found who it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(house: &House, who: SignedIn, request: &HttpRequest) -> Result<Self, FlowError> {
        let newsletters = newsletters::all(&mut house.db.read().await?).await?;
        let asked = |name: &str| {
            let mut pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
            pairs.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
        };
        let pairs = url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned();
        let slug = asked("newsletter");
        let in_hand = newsletters.iter().position(|newsletter| Some(&newsletter.slug) == slug.as_ref());
        Ok(Self {
            language: language_asked(request).unwrap_or(who.user.language),
            user: who.user,
            session: who.session,
            newsletters,
            in_hand: in_hand.unwrap_or(0),
            path: request.path().to_owned(),
            query: pairs.filter(|(name, _)| !PASSING.contains(&name.as_str())).collect(),
            notice: asked("done").and_then(|word| word.parse().ok()),
        })
    }

    /// The same visit at the page where somebody was before their session ran out: what they typed there is not saved yet.
    pub fn back_at(self, path: &str) -> Self {
        let notice = Some(Notice::StillTyped);
        Self { path: path.to_owned(), query: Vec::new(), notice, ..self }
    }

    /// Who does what is done now, for the log of deeds.
    pub fn actor(&self) -> &str {
        &self.user.email
    }

    /// Whether they may do what asks for `needed`, where one page serves several roles.
    pub fn may(&self, needed: Role) -> bool {
        self.user.role.may(needed)
    }

    /// All newsletters.
    pub fn newsletters(&self) -> &[NewsletterRow] {
        &self.newsletters
    }

    /// The newsletter in hand.
    ///
    /// # Errors
    /// `Problem::NotFound` while there is none.
    pub fn newsletter(&self) -> Result<&NewsletterRow, Problem> {
        self.newsletters.get(self.in_hand).ok_or_else(|| Problem::NotFound("newsletter yet".to_owned()))
    }

    /// Takes the newsletter that a form or an edition belongs to in hand.
    ///
    /// # Errors
    /// `Problem::NotFound` when there is none of this slug.
    pub fn take_in_hand(&mut self, slug: &str) -> Result<(), Problem> {
        let found = self.newsletters.iter().position(|newsletter| newsletter.slug == slug);
        self.in_hand = found.ok_or_else(|| FlowError::no_newsletter(slug))?;
        Ok(())
    }

    /// The same by its id.
    ///
    /// # Errors
    /// `Problem::NotFound` when there is none of this id.
    pub fn take_in_hand_by_id(&mut self, id: i64) -> Result<(), Problem> {
        let found = self.newsletters.iter().position(|newsletter| newsletter.id == id);
        self.in_hand = found.ok_or_else(|| Problem::NotFound(format!("newsletter {id}")))?;
        Ok(())
    }

    /// The clock by which moments are shown: that of the newsletter in hand.
    pub fn zone(&self) -> TimeZone {
        let name = self.newsletters.get(self.in_hand).map_or("Europe/Amsterdam", |newsletter| &newsletter.timezone);
        zone(name).unwrap_or(TimeZone::UTC)
    }

    /// A moment on that clock.
    pub fn moment(&self, moment: Timestamp) -> DateTime {
        moment.in_zone(&self.zone()).datetime()
    }

    /// A page of the desk.
    pub fn show(&self, view: impl FnOnce(&Desk<'_>) -> Markup) -> HttpResponse {
        self.page(StatusCode::OK, view)
    }

    /// A form given back, because something in it is wrong.
    pub fn again(&self, view: impl FnOnce(&Desk<'_>) -> Markup) -> HttpResponse {
        self.page(StatusCode::BAD_REQUEST, view)
    }

    /// The address of this page, for whoever wants it in another language. A form says in its fields which newsletter it
    /// is about; then the address does.
    fn address(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.query.iter().filter(|(name, _)| name != "newsletter"));
        if let Some(newsletter) = self.newsletters.get(self.in_hand).filter(|_| self.newsletters.len() > 1) {
            query.append_pair("newsletter", &newsletter.slug);
        }
        let query = query.finish();
        if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) }
    }

    /// A page with this status.
    pub fn page(&self, status: StatusCode, view: impl FnOnce(&Desk<'_>) -> Markup) -> HttpResponse {
        let choice = |newsletter: &'_ NewsletterRow| (newsletter.slug.clone(), newsletter.title.clone());
        let named: Vec<(String, String)> = self.newsletters.iter().map(choice).collect();
        let newsletters: Vec<_> = named.iter().map(|(slug, title)| NewsletterChoice { slug, title }).collect();
        let in_hand = self.newsletters.get(self.in_hand);
        let path = self.address();
        let desk = Desk {
            language: self.language,
            house: in_hand.map_or("postduif", organisation),
            user: User { name: self.name(), role: self.user.role },
            path: &path,
            newsletters: &newsletters,
            newsletter: in_hand.map_or("", |newsletter| &newsletter.slug),
            notice: self.notice,
        };
        HttpResponse::build(status).content_type(ContentType::html()).body(view(&desk).into_string())
    }

    /// A page that asks once more.
    pub fn asks(&self, question: &Question<'_>) -> HttpResponse {
        self.show(|desk| sure::page(desk, question))
    }

    /// The address of a page of the newsletter in hand.
    pub fn here(&self, path: &str) -> String {
        match self.newsletters.get(self.in_hand).filter(|_| self.newsletters.len() > 1) {
            Some(newsletter) => format!("{path}?newsletter={}", newsletter.slug),
            None => path.to_owned(),
        }
    }

    /// How we call them.
    pub fn name(&self) -> &str {
        if self.user.name.is_empty() { &self.user.email } else { &self.user.name }
    }

    /// On to a page after a button was pressed, with good news for its top.
    pub fn done(&self, path: impl Display, notice: Notice) -> HttpResponse {
        self.on_to(path, Some(notice))
    }

    /// On to a page after a button was pressed.
    pub fn on_to(&self, path: impl Display, notice: Option<Notice>) -> HttpResponse {
        let several = self.newsletters.len() > 1;
        let newsletter = several.then(|| self.newsletters.get(self.in_hand)).flatten();
        let newsletter = newsletter.map(|newsletter| format!("newsletter={}", newsletter.slug));
        let query: Vec<String> = newsletter.into_iter().chain(notice.map(|notice| format!("done={notice}"))).collect();
        see_other(&if query.is_empty() { path.to_string() } else { format!("{path}?{}", query.join("&")) })
    }
}

/// On to another page of the desk (303: by GET, whatever was pressed).
pub fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}
