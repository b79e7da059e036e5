//! Which setting wins, and what is said about a wrong one.

use super::*;

/// A folder with settings files, and an environment of its own.
struct Machine {
    folder: tempfile::TempDir,
    environment: Vec<(OsString, OsString)>,
    flags: Flags,
}

impl Machine {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), environment: Vec::new(), flags: Flags::default() }
    }

    fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        let value = value.replace("FOLDER", self.folder.path().to_str().unwrap());
        self.environment.push((name.into(), value.into()));
        self
    }

    fn flag(mut self, key: &str, value: &str) -> Self {
        self.flags.values.push(FlagValue { flag: format!("--{key}"), key: key.into(), value: value.into() });
        self
    }

    fn load(&self) -> Result<Config, String> {
        let usual = ["postduif.toml", "etc.toml"].map(|name| self.folder.path().join(name));
        let usual: Vec<&Path> = usual.iter().map(PathBuf::as_path).collect();
        Config::resolve(&self.flags, self.environment.clone(), &usual)
            .map_err(|error| error.to_string().replace(self.folder.path().to_str().unwrap(), "FOLDER"))
    }

    fn fault(&self) -> String {
        self.load().expect_err("these settings are wrong")
    }
}

fn shown(config: &Config, key: &str) -> (Option<String>, String) {
    let one = config.effective().iter().find(|one| one.setting.key == key).unwrap();
    (one.value.clone(), one.origin.to_string())
}

#[test]
fn with_nothing_set_the_defaults_hold() {
    let config = Machine::new().load().unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.public_url.to_string(), "http://127.0.0.1:8080");
    assert_eq!(config.smtp_ehlo, "127.0.0.1");
    assert_eq!(config.database_url.reveal(), "sqlite:postduif.db");
    assert_eq!((config.signups_per_network, config.signups_total), (Some(10), Some(200)));
    assert!(config.smtp.is_empty() && config.dkim.is_empty() && !config.offline);
    assert_eq!(shown(&config, "smtp_url"), (None, "not set".to_owned()));
    assert_eq!(shown(&config, "secret_key"), (Some("•••".to_owned()), "file postduif.db.key".to_owned()));
}

#[test]
fn a_flag_beats_the_environment_which_beats_a_file_it_names_which_beats_the_settings_file_which_beats_the_default() {
    let machine = Machine::new().file("value", "3\n").file("postduif.toml", "smtp_connections = 2");
    assert_eq!(machine.load().unwrap().smtp_connections, 2);
    let machine = machine.env("POSTDUIF_SMTP_CONNECTIONS_FILE", "FOLDER/value");
    assert_eq!(machine.load().unwrap().smtp_connections, 3);
    let machine = machine.env("POSTDUIF_SMTP_CONNECTIONS", "4");
    assert_eq!(machine.load().unwrap().smtp_connections, 4);
    assert_eq!(shown(&machine.load().unwrap(), "smtp_connections").1, "environment POSTDUIF_SMTP_CONNECTIONS");
    let machine = machine.flag("smtp_connections", "5");
    assert_eq!(machine.load().unwrap().smtp_connections, 5);
}

#[test]
fn the_first_usual_file_counts_and_a_named_one_replaces_them() {
    let mut machine = Machine::new().file("etc.toml", "smtp_rate = 1").file("other.toml", "smtp_rate = 3");
    assert_eq!(machine.load().unwrap().smtp_rate, Some(1));
    machine = machine.file("postduif.toml", "smtp_rate = 2");
    assert_eq!(machine.load().unwrap().smtp_rate, Some(2));
    machine.flags.file = Some(machine.folder.path().join("other.toml"));
    assert_eq!(machine.load().unwrap().smtp_rate, Some(3));
    machine.flags.file = Some(machine.folder.path().join("gone.toml"));
    assert!(machine.fault().starts_with("the settings file FOLDER/gone.toml cannot be read"));
}

#[test]
fn toml_values_may_be_of_the_kind_that_fits() {
    let machine = Machine::new().file(
        "postduif.toml",
        "offline = true\nsignups_total = 0\ntrusted_proxies = [\"10.0.0.0/8\", \"fd00::/8\"]\nlog_format = 'json'",
    );
    let config = machine.load().unwrap();
    assert!(config.offline);
    assert_eq!(config.signups_total, None);
    assert_eq!(config.trusted_proxies, ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
    assert_eq!(config.log_format, LogFormat::Json);
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let machine = Machine::new().env("POSTDUIF_SMTP_URL", "").env("POSTDUIF_LISTEN", " ");
    assert!(machine.load().unwrap().smtp.is_empty());
}

#[test]
fn an_unknown_key_stops_the_start_and_says_what_was_meant() {
    for (machine, message) in [
        (
            Machine::new().file("postduif.toml", "listne = 'x'"),
            "unknown setting “listne” (file FOLDER/postduif.toml); did you mean listen?",
        ),
        (
            Machine::new().file("postduif.toml", "[smtp]\nurl = 'x'"),
            "unknown setting “smtp” (file FOLDER/postduif.toml); `postduif config` lists all settings",
        ),
        (
            Machine::new().env("POSTDUIF_LISTEM", "x"),
            "unknown setting “POSTDUIF_LISTEM” (environment); did you mean POSTDUIF_LISTEN?",
        ),
        (
            Machine::new().env("POSTDUIF_SECRET_KEY_FIEL", "x"),
            "unknown setting “POSTDUIF_SECRET_KEY_FIEL” (environment); did you mean POSTDUIF_SECRET_KEY_FILE?",
        ),
        (Machine::new().flag("ofline", "1"), "unknown setting “ofline” (--ofline); did you mean offline?"),
    ] {
        assert_eq!(machine.fault(), message);
    }
}

#[test]
fn the_name_in_ehlo_is_a_host_or_an_address_without_brackets() {
    for (text, name) in [
        ("mail.example.org", "mail.example.org"),
        ("café.example", "xn--caf-dma.example"),
        ("[192.0.2.7]", "192.0.2.7"),
        ("[IPv6:2001:db8::1]", "2001:db8::1"),
    ] {
        assert_eq!(Machine::new().flag("smtp_ehlo", text).load().unwrap().smtp_ehlo, name);
    }
    assert_eq!(Machine::new().flag("listen", "[::1]:80").load().unwrap().smtp_ehlo, "::1");
}

#[test]
fn a_variable_that_is_no_setting_stops_the_start_unless_others_put_it_there() {
    for (name, value) in [
        ("HOME", "x"),
        ("POSTDUIF_TEST_POSTGRES", "x"),
        ("POSTDUIF_PORT", "tcp://10.0.0.1:8080"),
        ("POSTDUIF_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("POSTDUIF_SERVICE_HOST", "10.0.0.1"),
        ("POSTDUIF_SERVICE_PORT_HTTP", "8080"),
        ("POSTDUIF_WEB_PORT", "tcp://10.0.0.1:8080"),
        ("POSTDUIF_WEB_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("POSTDUIF_WEB_SERVICE_HOST", "10.0.0.1"),
    ] {
        assert!(Machine::new().env(name, value).load().is_ok(), "{name}");
    }
    for name in ["POSTDUIF_NONSENSE", "POSTDUIF_PORT", "POSTDUIF_SMTP_PORT", "POSTDUIF_"] {
        let error = Machine::new().env(name, "1").load().unwrap_err().to_string();
        assert!(error.contains(&format!("unknown setting “{name}” (environment)")), "{error}");
    }
}

#[test]
fn a_listener_for_bounces_needs_to_know_their_address() {
    let error = Machine::new().flag("inbound_listen", "127.0.0.1:2525").load().unwrap_err().to_string();
    assert!(error.contains("bounce_address") && error.contains("POSTDUIF_INBOUND_LISTEN"), "{error}");
    let both = Machine::new().flag("inbound_listen", "127.0.0.1:2525").flag("bounce_address", "bounces@example.org");
    assert!(both.load().is_ok());
}

#[test]
fn a_bad_value_is_named_with_its_key_its_place_and_what_to_write() {
    for (key, value, reason) in [
        ("listen", "localhost", "“localhost” is no address with a port; write it like 127.0.0.1:8080 or [::1]:8080"),
        ("public_url", "ftp://x", "“ftp://x” cannot be the base of links; write it like https://news.example.org"),
        (
            "public_url",
            "https://x.example/news/",
            "“https://x.example/news/” has a path; give postduif a host name of its own",
        ),
        ("smtp_connections", "0", "“0” connections are not possible; choose from 1 to 1000"),
        ("smtp_rate", "0", "0 messages a minute would send nothing; leave it out for no limit"),
        ("smtp_rate", "many", "“many” is no whole number"),
        ("smtp_url", "mail.example.org", "a mail server begins with smtp:// or smtps://"),
        (
            "bounce_address",
            "a-very-long-name-for-bounces@example.org",
            "the part before the @ may have 21 characters at most, because a token is added",
        ),
        (
            "trusted_proxies",
            "10.0.0.0/8, proxy",
            "“proxy” is not a network; write it like 10.0.0.0/8, fd00::/8 or 192.0.2.7",
        ),
        ("offline", "perhaps", "“perhaps” is neither true nor false"),
        ("log", "postduif=loud", "“postduif=loud” is no filter; write it like info or warn,postduif::mail=debug"),
        ("log_format", "xml", "“xml” is no log format; choose one of: text, json"),
        ("smtp_ehlo", "a b", "“a b” is no host name; write it like mail.example.org"),
        ("secret_key", "hunter2", "the key is not base64; make one with: openssl rand -base64 32"),
    ] {
        let message = Machine::new().flag(key, value).fault();
        assert_eq!(message, format!("the setting {key} (flag --{key}) is wrong: {reason}"));
    }
    assert_eq!(
        Machine::new().file("postduif.toml", "offline = 'no'\nlisten = { port = 1 }").fault(),
        "the setting listen (file FOLDER/postduif.toml) is wrong: the value must be a text, a whole number, true or false, \
         or a list of these"
    );
}

#[test]
fn a_fault_in_the_settings_file_is_shown_by_its_line_without_what_stands_on_it() {
    let fault = Machine::new().file("postduif.toml", "offline = true\nsecret_key = hunter2\n").fault();
    assert!(fault.starts_with("the settings file FOLDER/postduif.toml is not TOML, line 2: "), "{fault}");
    assert!(!fault.contains("hunter2") && !fault.contains('\n'), "{fault}");
}

#[test]
fn a_file_that_is_named_but_not_there_stops_the_start() {
    let fault = Machine::new().env("POSTDUIF_SECRET_KEY_FILE", "FOLDER/gone").fault();
    assert!(fault.starts_with("the file FOLDER/gone, which POSTDUIF_SECRET_KEY_FILE names, cannot be read"), "{fault}");
}

#[test]
fn the_three_dkim_settings_go_together() {
    let two = Machine::new()
        .flag("dkim_domain", "example.org")
        .flag("dkim_selector", "r1, e1")
        .flag("dkim_key_file", "r1.pem, /etc/e1.pem");
    let keys = two.load().unwrap().dkim;
    assert_eq!(keys.iter().map(|key| key.selector.as_str()).collect::<Vec<_>>(), ["r1", "e1"]);
    assert_eq!(keys[1].key_file, Path::new("/etc/e1.pem"));
    assert!(two.flag("dkim_key_file", "r1.pem").fault().contains("there are 1 key files for 2 selectors"));
    assert!(Machine::new().flag("dkim_domain", "example.org").fault().contains("setting dkim_selector is missing"));
}

#[test]
fn with_postgresql_the_secret_is_a_must() {
    let config = Machine::new().flag("database_url", "postgres://db/news").load().unwrap();
    let fault = config.secret_key(&Clock::system()).unwrap_err().to_string();
    assert!(fault.starts_with("the setting POSTDUIF_SECRET_KEY is missing: "), "{fault}");
}

#[test]
fn nothing_shown_contains_a_secret() {
    let machine = Machine::new()
        .file("key", "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnRlcjJodW50ZXIy")
        .env("POSTDUIF_SECRET_KEY_FILE", "FOLDER/key")
        .flag("smtp_url", "smtp://jan:hunter2@mail.example.org, smtps://jan:hunter2@other.example.org")
        .flag("database_url", "postgres://jan:hunter2@db/news");
    let config = machine.load().unwrap();
    assert_eq!(config.secret_key(&Clock::system()).unwrap().reveal(), b"hunter2".repeat(6));
    let shown = format!("{config:?} {config:#?}");
    assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVy"), "{shown}");
}

#[test]
fn links_follow_the_port_that_was_really_bound_unless_the_public_url_is_set() {
    let bound = "127.0.0.1:40001".parse().unwrap();
    let mut config = Config::from_values(&[("listen", "127.0.0.1:0")]).unwrap();
    config.bound_to(bound);
    assert_eq!(config.public_url.to_string(), "http://127.0.0.1:40001");
    let mut config = Config::from_values(&[("public_url", "https://news.example.org/")]).unwrap();
    config.bound_to(bound);
    assert_eq!(config.public_url.to_string(), "https://news.example.org");
    assert_eq!(config.smtp_ehlo, "news.example.org");
}

#[test]
fn a_login_with_tokens_needs_somebody_who_gives_them_and_never_in_clear() {
    let server = "smtp://news@mail.example.org?auth=xoauth2";
    let machine = Machine::new().flag("smtp_url", server);
    assert!(machine.fault().contains("smtp_token_url"), "{}", machine.fault());
    let machine = machine.flag("smtp_token_client", "us").flag("smtp_token_refresh", "a-long-secret");
    let machine = machine.flag("smtp_token_url", "https://login.example.org/token");
    let config = machine.load().unwrap();
    assert!(!format!("{config:?}").contains("a-long-secret"));
    assert_eq!(shown(&config, "smtp_token_refresh").0, Some("•••".to_owned()));
    let in_clear = machine.flag("smtp_token_url", "http://login.example.org/token");
    assert!(in_clear.fault().contains("smtp_token_url"), "{}", in_clear.fault());
}

#[test]
fn the_deadlines_of_the_dialogue_with_mail_servers_can_be_set_within_reason() {
    let machine = Machine::new().flag("smtp_end_seconds", "60").flag("smtp_max_age_hours", "48");
    let config = machine.load().unwrap();
    assert_eq!((config.smtp_timeouts.end.as_secs(), config.smtp_timeouts.greeting.as_secs()), (60, 300));
    assert_eq!(config.smtp_max_age.as_secs(), 48 * 3600);
    assert_eq!((config.smtp_limits.messages, config.smtp_limits.age.as_secs()), (100, 300));
    let machine = Machine::new().flag("smtp_end_seconds", "0");
    assert!(machine.fault().contains("from 1 to 3600"), "{}", machine.fault());
}
