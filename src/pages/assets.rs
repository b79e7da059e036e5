//! Style, icon and our scripts, compiled in; their names carry a hash of their bytes, so that browsers may keep them for ever.

use std::sync::LazyLock;

use crate::domain::colour::Accent;

/// A file that pages load, served under `/assets/` with its name.
#[derive(Debug)]
pub struct Asset {
    pub name: String,
    pub content_type: &'static str,
    pub bytes: &'static [u8],
}

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, text: &'static str) -> Self {
        Self {
            name: format!("{stem}-{:016x}.{extension}", fnv1a(text.as_bytes())),
            content_type,
            bytes: text.as_bytes(),
        }
    }

    /// The path under which pages load it.
    pub fn path(&self) -> String {
        format!("/assets/{}", self.name)
    }
}

/// The look of every page.
pub static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("app", "css", "text/css; charset=utf-8", include_str!("assets/app.css")));

/// The icon in the browser's tab.
pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("assets/icon.svg")));

/// What makes the desk quicker; everything works without it, and visitors never get it.
pub static DESK_SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("desk", "js", "text/javascript; charset=utf-8", include_str!("assets/desk.js")));

/// The work that a sign-up asks for, where the settings ask for any: the only script that a visitor gets.
pub static EFFORT_SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("effort", "js", "text/javascript; charset=utf-8", include_str!("assets/effort.js")));

/// Where the style lies that gives pages a newsletter's own colour: the colour is its name.
pub fn accent_path(accent: Accent) -> String {
    format!("/assets/accent-{}.css", accent.to_string().trim_start_matches('#'))
}

/// The style of this name; only colours that people can read have one. `html:root` goes before the `:root` of [`STYLE`], in
/// whatever order they are loaded.
pub fn accent_style(name: &str) -> Option<String> {
    let digits = name.strip_prefix("accent-")?.strip_suffix(".css")?;
    let accent: Accent = digits.parse().ok()?;
    // One name for one file.
    (accent_path(accent) == format!("/assets/{name}")).then(|| {
        format!(
            "html:root {{ --accent: {}; --accent-hover: {}; }}\n\
             @media (prefers-color-scheme: dark) {{ html:root {{ --accent: {}; --accent-hover: {}; }} }}\n",
            accent.light(),
            accent.light_hover(),
            accent.dark(),
            accent.dark_hover(),
        )
    })
}

/// The file of that name, if it is one of ours.
pub fn find(name: &str) -> Option<&'static Asset> {
    all().into_iter().find(|asset| asset.name == name)
}

/// Every file that pages load.
pub fn all() -> [&'static Asset; 4] {
    [&STYLE, &ICON, &DESK_SCRIPT, &EFFORT_SCRIPT]
}

/// FNV-1a: tells versions of our own files apart; guards nothing.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_by_its_name_and_by_no_other() {
        for asset in all() {
            assert_eq!(find(&asset.name).unwrap().bytes, asset.bytes);
        }
        assert!(find("app.css").is_none());
        assert_ne!(fnv1a(b"a"), fnv1a(b"b"));
    }

    #[test]
    fn a_colour_has_a_style_if_it_can_be_read() {
        let accent: Accent = "#7a1fa2".parse().unwrap();
        assert_eq!(accent_path(accent), "/assets/accent-7a1fa2.css");
        let style = accent_style("accent-7a1fa2.css").unwrap();
        assert!(style.starts_with("html:root { --accent: #7a1fa2; --accent-hover: #"), "{style}");
        for name in ["accent-ffff00.css", "accent-7A1FA2.css", "accent-abc.css", "accent-.css", "accent-}.css"] {
            assert_eq!(accent_style(name), None, "{name}");
        }
    }

    #[test]
    fn the_style_loads_nothing_from_elsewhere() {
        let css = std::str::from_utf8(STYLE.bytes).unwrap();
        assert!(!css.contains("url(") && !css.contains("@import"));
    }
}
