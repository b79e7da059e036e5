//! What stands around the program says the same as the program, and as the standards that it is read by.

use std::path::Path;

/// A file of the repository.
fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands under a key of a YAML file, its lines indented less by as much as they all are; a plain value is one line.
/// It understands what `publiccode.yml` uses: maps, lists and folded text.
fn under<'a>(yaml: &'a str, key: &str) -> Option<Vec<&'a str>> {
    let mut lines = yaml.lines().filter(|line| !line.trim_start().starts_with('#'));
    let value = lines.by_ref().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?.trim();
    if !matches!(value, "" | ">" | "|") {
        return Some(vec![value.trim_matches('"')]);
    }
    let block: Vec<&str> = lines.take_while(|line| line.is_empty() || line.starts_with(' ')).collect();
    let indent = block.iter().filter(|line| !line.is_empty()).map(|line| line.len() - line.trim_start().len()).min()?;
    Some(block.into_iter().map(|line| line.get(indent..).unwrap_or_default()).collect())
}

/// The same some keys deep.
fn at(yaml: &str, keys: &[&str]) -> Option<String> {
    keys.iter().try_fold(yaml.to_owned(), |yaml, key| under(&yaml, key).map(|lines| lines.join("\n")))
}

/// The values of a list.
fn list(yaml: &str, keys: &[&str]) -> Vec<String> {
    let block = at(yaml, keys).unwrap_or_default();
    block.lines().filter_map(|line| line.strip_prefix("- ").map(str::to_owned)).collect()
}

/// Words of the standard's own lists that fit a newsletter (publiccode.yml 0.4, “List of software categories” and “Scope list”).
const CATEGORIES: [&str; 5] =
    ["communications", "content-management", "email-management", "email-marketing", "contact-management"];
const SCOPES: [&str; 5] = ["culture", "education", "government", "healthcare", "local-authorities"];

#[test]
fn the_description_for_reusers_of_public_software_follows_its_standard() {
    let yaml = file("publiccode.yml");
    let one = |keys: &[&str]| at(&yaml, keys).unwrap_or_else(|| panic!("{keys:?} is needed"));
    assert!(["0.4", "0.4.0"].contains(&one(&["publiccodeYmlVersion"]).as_str()));
    assert_eq!(one(&["name"]), "postduif");
    assert!(one(&["url"]).starts_with("https://"));
    assert_eq!(one(&["softwareType"]), "standalone/web");
    assert_eq!(one(&["softwareVersion"]), env!("CARGO_PKG_VERSION"));
    let statuses = ["concept", "development", "beta", "stable", "obsolete"];
    assert!(statuses.contains(&one(&["developmentStatus"]).as_str()));
    assert!(!list(&yaml, &["platforms"]).is_empty());
    for (keys, known) in [(&["categories"][..], CATEGORIES), (&["intendedAudience", "scope"], SCOPES)] {
        let words = list(&yaml, keys);
        assert!(!words.is_empty() && words.iter().all(|word| known.contains(&word.as_str())), "{keys:?}: {words:?}");
    }
    let countries = list(&yaml, &["intendedAudience", "countries"]);
    assert!(countries.iter().all(|country| country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase())));
    let licence = file("Cargo.toml")
        .lines()
        .find_map(|line| line.strip_prefix("license = ")?.split('"').nth(1).map(str::to_owned));
    assert_eq!(Some(one(&["legal", "license"])), licence);

    let languages = list(&yaml, &["localisation", "availableLanguages"]);
    assert_eq!(languages, ["nl", "en"]);
    assert_eq!(one(&["localisation", "localisationReady"]), "true");
    for language in &languages {
        let short = one(&["description", language, "shortDescription"]);
        assert!((1..=150).contains(&short.chars().count()), "{short}");
        let long = one(&["description", language, "longDescription"]).replace('\n', " ");
        assert!((150..=10_000).contains(&long.chars().count()), "{language}: {} characters", long.chars().count());
        assert!(!list(&yaml, &["description", language, "features"]).is_empty());
    }

    assert_eq!(one(&["maintenance", "type"]), "community");
    // A community, and whom to write to: SECURITY.md sends people here.
    let contacts = one(&["maintenance", "contacts"]);
    assert!(contacts.starts_with("- name: ") && contacts.contains("\n  email: "), "{contacts}");
}

#[test]
fn the_packages_ship_what_is_there_and_name_what_the_program_reads() {
    let manifest = file("Cargo.toml");
    let assets =
        manifest.split_once("assets = [").and_then(|(_, rest)| rest.split_once("\n]")).expect("there are assets").0;
    let mut shipped = 0;
    for source in assets.lines().filter_map(|line| line.trim().strip_prefix("[\"")?.split('"').next()) {
        // Made by packaging/deb, or many.
        if !source.starts_with("target/") && !source.contains('*') {
            file(source);
            shipped += 1;
        }
    }
    assert!(shipped > 3, "{assets}");
    // Every setting that a shipped file names is one.
    let reference = file("docs/reference/settings.md");
    for name in ["compose.yaml", "Dockerfile", "packaging/postduif.service"] {
        let text = file(name);
        for word in text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')) {
            let own = word.starts_with("POSTDUIF_") && word != "POSTDUIF_REVISION";
            let setting =
                word.strip_suffix("_FILE").filter(|bare| reference.contains(&format!("`{bare}`"))).unwrap_or(word);
            assert!(!own || reference.contains(&format!("`{setting}`")), "{name} names {word}, which is no setting");
        }
    }
    for line in file("packaging/postduif.toml").lines() {
        let line = line.strip_prefix('#').unwrap_or(line);
        if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| !key.contains(' ')) {
            assert!(reference.contains(&format!("`POSTDUIF_{}`", key.to_uppercase())), "{key} is no setting");
        }
    }
}
