//! Style, icon and the desk's script, compiled in; their names carry a hash of their bytes, so that browsers may keep them for ever.

use std::sync::LazyLock;

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

/// The file of that name, if it is one of ours.
pub fn find(name: &str) -> Option<&'static Asset> {
    all().into_iter().find(|asset| asset.name == name)
}

/// Every file that pages load.
pub fn all() -> [&'static Asset; 3] {
    [&STYLE, &ICON, &DESK_SCRIPT]
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
    fn the_style_loads_nothing_from_elsewhere() {
        let css = std::str::from_utf8(STYLE.bytes).unwrap();
        assert!(!css.contains("url(") && !css.contains("@import"));
    }
}
