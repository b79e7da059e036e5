//! The one door through which ready-made HTML enters a page.

use maud::{Markup, PreEscaped};

/// HTML that our own Markdown renderer or cleaner made from an editor's text: nothing in it can run.
///
/// Everything else on a page is text and gets escaped; whoever makes one of these vouches for its contents.
#[derive(Clone, Copy, Debug, Default)]
pub struct CleanHtml<'a>(&'a str);

impl<'a> CleanHtml<'a> {
    /// Vouches that `html` left our own renderer or cleaner and holds no script, style, handler or foreign scheme.
    pub const fn vouched(html: &'a str) -> Self {
        Self(html)
    }

    /// Whether there is nothing to show.
    pub fn is_empty(self) -> bool {
        self.0.trim().is_empty()
    }

    pub(super) fn markup(self) -> Markup {
        PreEscaped(self.0.to_owned())
    }
}
