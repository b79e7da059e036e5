//! The pieces that the desk's pages are built of: fields of every kind, tables, tags, tabs.

use maud::{Markup, html};

use crate::domain::language::Language;
use crate::domain::texts::{desk, pages};

/// What is wrong with a form: the name of a field and a sentence that says what to do.
#[derive(Clone, Copy, Debug, Default)]
pub struct FormFaults<'a>(pub &'a [(&'a str, &'a str)]);

impl<'a> FormFaults<'a> {
    /// Whether nothing is wrong.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with a field.
    pub(super) fn of(self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(field, _)| *field == name).map(|(_, message)| *message)
    }

    /// Everything that is wrong, above the form, each leading to its field;
    /// `form` is the page that holds them, for their order: from top to bottom.
    pub(super) fn summary(self, language: Language, form: &Markup) -> Markup {
        let place = |field: &str| form.0.find(&format!(" id=\"{field}\"")).filter(|_| !field.is_empty());
        let mut faults = self.0.to_vec();
        faults.sort_by_key(|(field, _)| place(field));
        html! {
            @if !self.is_empty() {
                div.summary role="alert" tabindex="-1" aria-labelledby="summary-title" autofocus {
                    h2 #summary-title { (pages::err_summary(language)) }
                    ul {
                        @for (field, message) in &faults {
                            li { @if field.is_empty() { (message) } @else { a href={ "#" (field) } { (message) } } }
                        }
                    }
                }
            }
        }
    }
}

/// What is typed into a field.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Line,
    Email,
    Url,
    Number,
    Date,
    Time,
    /// A password that exists already.
    Password,
    NewPassword,
    OneTimeCode,
    Text {
        rows: u8,
    },
}

impl Kind {
    /// The input's type and what the browser may fill in.
    const fn input(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Line | Self::Text { .. } => ("text", None),
            Self::Email => ("email", Some("email")),
            Self::Url => ("url", None),
            Self::Number => ("text", None),
            Self::Date => ("date", None),
            Self::Time => ("time", None),
            Self::Password => ("password", Some("current-password")),
            Self::NewPassword => ("password", Some("new-password")),
            Self::OneTimeCode => ("text", Some("one-time-code")),
        }
    }
}

/// A field with its label, hint and fault. Its id is its name.
pub(super) struct Field<'a> {
    pub name: &'a str,
    pub label: &'a str,
    pub hint: Option<&'a str>,
    pub value: &'a str,
    pub kind: Kind,
    /// Whether it may stay empty, which its label then says.
    pub optional: bool,
}

impl<'a> Field<'a> {
    pub(super) fn line(name: &'a str, label: &'a str, value: &'a str) -> Self {
        Self { name, label, hint: None, value, kind: Kind::Line, optional: false }
    }

    pub(super) fn hint(self, hint: &'a str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    pub(super) fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    pub(super) fn kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    pub(super) fn render(&self, language: Language, faults: FormFaults<'_>) -> Markup {
        let fault = faults.of(self.name);
        let hint_id = format!("{}-hint", self.name);
        let fault_id = format!("{}-fault", self.name);
        let described = [self.hint.map(|_| hint_id.as_str()), fault.map(|_| fault_id.as_str())];
        let described = described.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let described = (!described.is_empty()).then_some(described);
        let invalid = fault.map(|_| "true");
        let (input, autocomplete) = self.kind.input();
        html! {
            div.field.bad[fault.is_some()] {
                label for=(self.name) {
                    (self.label)
                    @if self.optional { " " span.hint { (desk::optional(language)) } }
                }
                @if let Some(hint) = self.hint { p.hint #(hint_id) { (hint) } }
                @if let Some(message) = fault {
                    p.fault #(fault_id) { span.away { (pages::title_error_prefix(language)) } (message) }
                }
                @match self.kind {
                    Kind::Text { rows } => {
                        textarea #(self.name) name=(self.name) rows=(rows) aria-describedby=[described]
                            aria-invalid=[invalid] { (self.value) }
                    }
                    kind => {
                        input #(self.name) type=(input) name=(self.name) value=(self.value) autocomplete=[autocomplete]
                            inputmode=[matches!(kind, Kind::Number | Kind::OneTimeCode).then_some("numeric")]
                            spellcheck=[matches!(kind, Kind::Email | Kind::Url).then_some("false")]
                            autocapitalize=[matches!(kind, Kind::Email | Kind::Url).then_some("none")]
                            aria-describedby=[described] aria-invalid=[invalid];
                    }
                }
            }
        }
    }
}

/// A choice of one, as a list that opens.
pub(super) fn select(name: &str, label: &str, chosen: &str, options: &[(&str, String)]) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select #(name) name=(name) {
                @for (value, text) in options { option value=(value) selected[*value == chosen] { (text) } }
            }
        }
    }
}

/// One of several radio buttons; `id` must be its own.
pub(super) fn radio(name: &str, id: &str, value: &str, checked: bool, label: &str) -> Markup {
    html! {
        div.choice {
            input #(id) type="radio" name=(name) value=(value) checked[checked];
            label for=(id) { (label) }
        }
    }
}

/// A yes or no; its id is its name.
pub(super) fn checkbox(name: &str, checked: bool, label: &str) -> Markup {
    html! {
        div.choice {
            input #(name) type="checkbox" name=(name) value="on" checked[checked];
            label for=(name) { (label) }
        }
    }
}

/// How good or bad something is; the words say it too, never the colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Attention,
    Bad,
}

/// A word in a colour.
pub(super) fn tag(tone: Tone, word: &str) -> Markup {
    let class = match tone {
        Tone::Plain => "tag",
        Tone::Good => "tag ok",
        Tone::Attention => "tag warn",
        Tone::Bad => "tag err",
    };
    html! { span class=(class) { (word) } }
}

/// A table whose caption is for those who cannot see that it is one.
pub(super) fn table(caption: &str, columns: &[String], rows: &Markup) -> Markup {
    html! {
        table {
            caption.away { (caption) }
            thead { tr { @for column in columns { th scope="col" { (column) } } } }
            tbody { (rows) }
        }
    }
}

/// Facts, each with its name.
pub(super) fn facts(pairs: &[(String, Markup)]) -> Markup {
    html! { dl.facts { @for (name, value) in pairs { div { dt { (name) } dd { (value) } } } } }
}

/// Pages that belong together; the open one is named as such.
pub(super) fn tabs(label: &str, entries: &[(String, String, bool)]) -> Markup {
    html! {
        nav.tabs aria-label=(label) {
            ul { @for (path, text, open) in entries { li { a href=(path) aria-current=[open.then_some("page")] { (text) } } } }
        }
    }
}

/// A form with one button.
pub(super) fn press(action: &str, class: &str, label: &str, hidden: &[(&str, &str)]) -> Markup {
    html! {
        form method="post" action=(action) {
            @for (name, value) in hidden { (crate::pages::components::hidden(name, value)) }
            button class={ "btn " (class) } type="submit" { (label) }
        }
    }
}

/// Text to take elsewhere; the button appears where there is script to copy with.
pub(super) fn copyable(language: Language, id: &str, text: &str) -> Markup {
    html! {
        div.copyable {
            pre #(id) tabindex="0" { code { (text) } }
            button.btn.sec type="button" data-copy=(id) data-done=(desk::copied(language)) hidden { (desk::copy(language)) }
        }
    }
}
