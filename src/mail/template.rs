//! Templates: the content of a mail becomes HTML and plain text. Built in, or an operator's own.

use std::path::{Path, PathBuf};

use minijinja::value::{Kwargs, Serde};
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value, escape_formatter};

use crate::domain::edition_content::EditionContent;
use crate::domain::public_url::PublicUrl;

use super::layout;
use super::sample;
use super::slot::{Rendered, Slot};
use super::view::{LetterView, NewsletterView};

/// The templates there are, with the text that is compiled in.
const BUILT_IN: [(&str, &str); 4] = [
    (NEWSLETTER_HTML, include_str!("../../templates/newsletter.html")),
    (NEWSLETTER_TEXT, include_str!("../../templates/newsletter.txt")),
    (LETTER_HTML, include_str!("../../templates/letter.html")),
    (LETTER_TEXT, include_str!("../../templates/letter.txt")),
];
const NEWSLETTER_HTML: &str = "newsletter.html";
const NEWSLETTER_TEXT: &str = "newsletter.txt";
const LETTER_HTML: &str = "letter.html";
const LETTER_TEXT: &str = "letter.txt";

/// Work that one rendering may do: some fifty times what a newsletter of 60 articles takes, so that a loop without
/// end in an operator's template is an error and no standstill.
const FUEL: u64 = 5_000_000;

/// A mail in both its forms.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) html: Rendered,
    pub(super) text: Rendered,
}

/// A set of templates that render. Cheap to share, made once at the start.
pub struct Templates {
    environment: Environment<'static>,
}

/// Why templates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("cannot read the templates in {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} is no template postduif knows; the names are newsletter.html, newsletter.txt, letter.html and letter.txt", path.display())]
    Unknown { path: PathBuf },
    #[error("there is no template in {}; put newsletter.html, newsletter.txt, letter.html or letter.txt there", path.display())]
    NoneFound { path: PathBuf },
    #[error("the template {name} does not work: {source}")]
    Broken { name: &'static str, source: Error },
    #[error("the template {name} leaves out {what}, which every such mail must have")]
    Incomplete { name: &'static str, what: &'static str },
}

impl Templates {
    /// The templates that are compiled in.
    pub fn embedded() -> Self {
        Self::checked(|name, built_in| Ok((name, built_in.to_owned())))
            .expect("the tests render every template that is compiled in")
    }

    /// An operator's templates; those that the folder lacks are the built-in ones. Every one is tried out on sample
    /// mails in all languages, so that a fault shows at the start and not on the day of sending.
    ///
    /// # Errors
    /// Says which file is at fault, where in it, and what to do.
    pub fn from_folder(folder: &Path) -> Result<Self, TemplateError> {
        let unreadable = |source| TemplateError::Unreadable { path: folder.to_owned(), source };
        let mut found = false;
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let known = BUILT_IN.iter().any(|(built_in, _)| *built_in == name);
            // A misspelt name must not silently mean the built-in template.
            if !known && (name.ends_with(".html") || name.ends_with(".txt")) {
                return Err(TemplateError::Unknown { path });
            }
            found |= known;
        }
        if !found {
            return Err(TemplateError::NoneFound { path: folder.to_owned() });
        }
        Self::checked(|name, built_in| {
            let path = folder.join(name);
            match std::fs::read_to_string(&path) {
                Ok(own) => Ok((name, own)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok((name, built_in.to_owned())),
                Err(source) => Err(TemplateError::Unreadable { path, source }),
            }
        })
    }

    fn checked(
        source_of: impl Fn(&'static str, &'static str) -> Result<(&'static str, String), TemplateError>,
    ) -> Result<Self, TemplateError> {
        let mut environment = environment();
        for (name, built_in) in BUILT_IN {
            let (name, text) = source_of(name, built_in)?;
            environment.add_template_owned(name, text).map_err(|source| TemplateError::Broken { name, source })?;
        }
        let templates = Self { environment };
        templates.try_out()?;
        Ok(templates)
    }

    /// Renders samples that take every branch, and looks for what the law and readers cannot do without.
    fn try_out(&self) -> Result<(), TemplateError> {
        for content in sample::editions() {
            let body = self.newsletter(&content, sample::SLUG, &sample::public_url())?;
            for (name, part) in [(NEWSLETTER_HTML, &body.html), (NEWSLETTER_TEXT, &body.text)] {
                let required = [
                    (part.has(Slot::UnsubscribeToken), "the link to unsubscribe"),
                    (part.0.contains(sample::ADDRESS), "the postal address"),
                    (content.items().all(|item| part.0.contains(&item.url)), "the link of an article"),
                ];
                if let Some((_, what)) = required.into_iter().find(|(present, _)| !present) {
                    return Err(TemplateError::Incomplete { name, what });
                }
            }
            self.archived(&content, sample::SLUG, &sample::public_url())?;
        }
        for view in sample::letters() {
            let body = self.letter(&view)?;
            for (name, part) in [(LETTER_HTML, &body.html), (LETTER_TEXT, &body.text)] {
                let button = view.button.as_ref().is_none_or(|button| part.0.contains(&button.url));
                let required =
                    [(button, "the link of the button"), (part.0.contains(sample::ADDRESS), "the postal address")];
                if let Some((_, what)) = required.into_iter().find(|(present, _)| !present) {
                    return Err(TemplateError::Incomplete { name, what });
                }
            }
        }
        Ok(())
    }

    /// A newsletter with its personal links still open.
    pub(super) fn newsletter(
        &self,
        content: &EditionContent,
        slug: &str,
        public_url: &PublicUrl,
    ) -> Result<Body, TemplateError> {
        let view = Value::from(Serde(NewsletterView::new(content, slug, public_url, true)));
        Ok(Body { html: self.render(NEWSLETTER_HTML, &view)?, text: self.render(NEWSLETTER_TEXT, &view)? })
    }

    /// The page of an edition in the archive: the same look, no one's personal links.
    ///
    /// # Errors
    /// When an operator's template fails on this content.
    pub fn archived(
        &self,
        content: &EditionContent,
        slug: &str,
        public_url: &PublicUrl,
    ) -> Result<String, TemplateError> {
        let view = Value::from(Serde(NewsletterView::new(content, slug, public_url, false)));
        let page = self.render(NEWSLETTER_HTML, &view)?;
        match Slot::ALL.into_iter().any(|slot| page.has(slot)) {
            true => {
                Err(TemplateError::Incomplete { name: NEWSLETTER_HTML, what: "the question whether it is `personal`" })
            }
            false => Ok(page.fill(|_| String::new())),
        }
    }

    pub(super) fn letter(&self, view: &LetterView) -> Result<Body, TemplateError> {
        let view = Value::from(Serde(view));
        Ok(Body { html: self.render(LETTER_HTML, &view)?, text: self.render(LETTER_TEXT, &view)? })
    }

    fn render(&self, name: &'static str, view: &Value) -> Result<Rendered, TemplateError> {
        let broken = |source| TemplateError::Broken { name, source };
        let template = self.environment.get_template(name).map_err(broken)?;
        let mut text = template.render(view.clone()).map_err(broken)?;
        text.truncate(text.trim_end().len());
        text.push('\n');
        Ok(Rendered(text))
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_syntax(
        minijinja::syntax::SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            .expect("the default delimiters do not clash"),
    );
    // The built-in escaping also turns every `/` of every link into six characters.
    environment.set_formatter(|out, state, value| {
        if matches!(state.auto_escape(), AutoEscape::Html) && !value.is_safe() && !value.is_number() {
            return out.write_str(&escape_html(&value.to_string())).map_err(Error::from);
        }
        escape_formatter(out, state, value)
    });
    environment.add_filter("wrap", |text: &str, options: Kwargs| -> Result<String, Error> {
        let first: Option<&str> = options.get("first")?;
        let rest: Option<&str> = options.get("rest")?;
        options.assert_all_used()?;
        Ok(layout::wrap(text, first.unwrap_or_default(), rest.unwrap_or_default()))
    });
    environment.add_filter("breaks", |text: &str| Value::from_safe_string(escape_html(text).replace('\n', "<br>")));
    environment
}

fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::domain::language::Language;

    fn filled(rendered: &Rendered) -> String {
        rendered.fill(|_| "TOKEN".into())
    }

    #[test]
    fn the_newsletter_says_the_same_in_html_and_in_plain_text() {
        let templates = Templates::embedded();
        for language in Language::ALL {
            let body = templates.newsletter(&fixture::edition(language), "nieuws", &fixture::public_url()).unwrap();
            insta::with_settings!({ snapshot_suffix => language.tag(), omit_expression => true }, {
                insta::assert_snapshot!("newsletter_text", filled(&body.text));
                insta::assert_snapshot!("newsletter_html", filled(&body.html));
            });
        }
    }

    #[test]
    fn every_link_of_the_html_is_in_the_plain_text_too() {
        let content = fixture::edition(Language::Nl);
        let body = Templates::embedded().newsletter(&content, "nieuws", &fixture::public_url()).unwrap();
        let (html, text) = (filled(&body.html), filled(&body.text));
        let links: Vec<&str> = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(links.len() > content.items().count() + 4, "{links:?}");
        for link in links {
            assert!(text.contains(&link.replace("&amp;", "&")), "{link}");
        }
    }

    #[test]
    fn the_page_in_the_archive_holds_nobodys_links() {
        let page =
            Templates::embedded().archived(&fixture::edition(Language::Nl), "nieuws", &fixture::public_url()).unwrap();
        assert!(!page.contains("/u/") && !page.contains("/p/") && !page.chars().any(|c| c.is_control() && c != '\n'));
        assert!(page.contains("Wat is ethisch hacken") && page.contains("Voorbeeldstraat 1"));
    }

    #[test]
    fn sixty_articles_stay_below_what_gmail_clips() {
        let mut content = fixture::edition(Language::Nl);
        let mut item = content.sections[0].items[0].clone();
        item.summary = "Een zin van een bericht die lang genoeg is om echt te lijken. ".repeat(4);
        item.summary.truncate(220);
        item.title = "Achterstallig onderhoud in database van politie is ernstige overtreding van privacy".into();
        item.url = format!("https://www.example.nl/{}/", "achterstallig-onderhoud-".repeat(4));
        content.sections[0].items = vec![item; 60];
        let body = Templates::embedded().newsletter(&content, "nieuws", &fixture::public_url()).unwrap();
        assert!(body.html.0.len() < 90_000, "{} octets", body.html.0.len());
    }

    #[test]
    fn html_is_escaped_once_and_dangerous_links_do_not_become_links() {
        let mut content = fixture::edition(Language::Nl);
        content.sections[0].items[0].url = "javascript:alert(1)".into();
        content.sections[0].items[0].title = "{{ 7 * 7 }} <img src=x onerror=alert(1)> IB&P".into();
        content.subject = "\u{1}\u{2}\u{3}</title><script>".into();
        content.promo.as_mut().unwrap().url = "data:text/html,x".into();
        let body = Templates::embedded().newsletter(&content, "nieuws", &fixture::public_url()).unwrap();
        assert!(body.html.0.contains("{{ 7 * 7 }} &lt;img src=x onerror=alert(1)&gt; IB&amp;P"));
        assert!(body.text.0.contains("{{ 7 * 7 }} <img src=x onerror=alert(1)> IB&P"));
        assert!(
            !body.html.0.contains("javascript:") && !body.html.0.contains("<script") && !body.html.0.contains("data:")
        );
        assert!(body.html.0.contains("<title>&lt;/title&gt;&lt;script&gt;</title>"));
        assert_eq!(body.html.0.matches(Slot::UnsubscribeToken.mark()).count(), 1, "a title cannot smuggle a slot in");
    }

    fn folder_with(name: &str, text: &str) -> Result<Templates, TemplateError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        Templates::from_folder(folder.path())
    }

    fn refusal(name: &str, text: &str) -> String {
        folder_with(name, text).err().expect("this template must be refused").to_string()
    }

    #[test]
    fn an_operators_template_is_used_and_a_faulty_one_is_refused_with_the_reason() {
        let own = BUILT_IN[1].1.replace("-----", "=====");
        let templates = folder_with("newsletter.txt", &own).unwrap();
        let body = templates.newsletter(&fixture::edition(Language::Nl), "nieuws", &fixture::public_url()).unwrap();
        assert!(body.text.0.contains("====="));

        assert!(refusal("newsletter.txt", "{{ subject ").contains("newsletter.txt does not work"));
        assert!(refusal("newsletter.txt", "{{ nosuchthing }}").contains("undefined"));
        assert!(
            refusal("letter.html", "{% for _ in range(100000) %}{% for _ in range(100000) %}x{% endfor %}{% endfor %}")
                .contains("fuel")
        );
        assert!(refusal("newsletter.txt", "{{ subject }}").contains("leaves out the link to unsubscribe"));
        assert!(refusal("letter.txt", "{{ address_lines|join }}").contains("leaves out the link of the button"));
        assert!(refusal("newsleter.html", "x").contains("is no template postduif knows"));
        assert!(refusal("README", "x").contains("there is no template in"));
        let missing = Templates::from_folder(Path::new("/nonexistent/templates")).err().unwrap().to_string();
        assert!(missing.contains("cannot read the templates in /nonexistent/templates"), "{missing}");
    }
}
