//! A visitor's browser: Chromium, driven over WebDriver (W3C), with its scripts on or off.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::http::{Answer, Http};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    On,
    Off,
}

/// One window with an empty profile; closed when dropped.
pub struct Browser {
    driver: Http,
    session: String,
}

/// The key under which WebDriver hands out an element's id (W3C WebDriver, section 12.2).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

impl Browser {
    /// Nothing when no WebDriver was given.
    pub fn open(script: Script) -> Option<Self> {
        let driver = Http::to(super::given("WEBDRIVER_URL")?);
        let allowed = if script == Script::On { 1 } else { 2 };
        let wishes = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {
                "args": [
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--window-size=1000,900", "--lang=nl",
                ],
                "prefs": {"profile.managed_default_content_settings.javascript": allowed},
            },
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let session = value(driver.post_json("/session", &wishes));
        let session = format!("/session/{}", session["sessionId"].as_str().expect("a session has an id"));
        Some(Self { driver, session })
    }

    pub fn go(&self, address: &str) {
        self.tell("/url", &json!({"url": address}));
    }

    pub fn address(&self) -> String {
        text_of(&self.look("/url"))
    }

    pub fn title(&self) -> String {
        text_of(&self.look("/title"))
    }

    /// What a person reads in the first element that `css` finds.
    pub fn text(&self, css: &str) -> String {
        text_of(&self.look(&format!("{}/text", self.find(css))))
    }

    pub fn fill(&self, css: &str, text: &str) {
        self.tell(&format!("{}/value", self.find(css)), &json!({"text": text}));
    }

    /// Clicks it, and waits until the page that it leads to has taken the place of this one: a driver in a hurry
    /// answers before the click has led anywhere.
    pub fn press(&self, css: &str) {
        let page = self.find("html");
        self.tell(&format!("{}/click", self.find(css)), &json!({}));
        self.turned(&page, css);
    }

    fn turned(&self, page: &str, css: &str) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.driver.get(&format!("{}{page}/name", self.session)).status == 200 {
            assert!(Instant::now() < deadline, "pressing {css} leads nowhere");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Empties a field and types something else.
    pub fn retype(&self, css: &str, text: &str) {
        self.tell(&format!("{}/clear", self.find(css)), &json!({}));
        self.fill(css, text);
    }

    /// Clicks something that leads nowhere: a tick, a summary.
    pub fn tick(&self, css: &str) {
        self.tell(&format!("{}/click", self.find(css)), &json!({}));
    }

    /// Types Enter into a field, which sends its form, and waits for the next page.
    pub fn enter(&self, css: &str) {
        let page = self.find("html");
        self.fill(css, "\u{E007}");
        self.turned(&page, css);
    }

    /// Whether the page in hand has such an element.
    pub fn has(&self, css: &str) -> bool {
        let place = format!("{}/element", self.session);
        self.driver.post_json(&place, &json!({"using": "css selector", "value": css})).status == 200
    }

    /// A cookie of the site whose page is in hand.
    pub fn cookie(&self, name: &str, value: &str, path: &str) {
        let cookie = json!({"name": name, "value": value, "path": path, "httpOnly": true, "sameSite": "Lax"});
        self.tell("/cookie", &json!({"cookie": cookie}));
    }

    /// Gives the browser an authenticator for passkeys, which is not there (WebAuthn section 11).
    pub fn authenticator(&self, options: &Value) {
        self.tell("/webauthn/authenticator", options);
    }

    pub fn resize(&self, width: u32, height: u32) {
        self.tell("/window/rect", &json!({"width": width, "height": height}));
    }

    /// A screen so wide: narrower than a window may be, as a telephone's is.
    pub fn screen(&self, width: u32, height: u32) {
        let screen = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", &screen);
    }

    /// Whether the visitor likes their pages dark.
    pub fn dark(&self, dark: bool) {
        let wish = json!({"name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" }});
        // Nothing moves while it is judged: half-way through a change of colour no contrast is the one that stays.
        let still = json!({"name": "prefers-reduced-motion", "value": "reduce"});
        self.devtools("Emulation.setEmulatedMedia", &json!({"features": [wish, still]}));
    }

    /// Runs script in the page, as a tester may and nobody else; what it returns. Needs script to be on.
    pub fn script(&self, script: &str) -> Value {
        self.tell("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Whether the page in hand must be pushed sideways to be read.
    pub fn overflows(&self) -> bool {
        self.script("return document.documentElement.scrollWidth > window.innerWidth") == true
    }

    /// What WCAG 2.2 AA forbids of the page in hand, in axe-core's words; nothing when the page is as it should be.
    pub fn barriers(&self, axe: &str) -> Vec<String> {
        let look = "const done = arguments[arguments.length - 1]; \
                    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']; \
                    axe.run(document, {runOnly: {type: 'tag', values: tags}, iframes: false}).then( \
                      (found) => done(found.violations.map((rule) => \
                        rule.id + ': ' + rule.nodes.map((node) => node.html + ' ' + node.failureSummary).join(' | '))), \
                      (error) => done(['axe failed: ' + error]));";
        let script = format!("{axe}; {look}");
        let found = self.tell("/execute/async", &json!({"script": script, "args": []}));
        found.as_array().expect("a list comes back").iter().map(text_of).collect()
    }

    /// What the browser's console says the page's policy forbade since it was asked last: something that tried to run or to
    /// load.
    pub fn forbidden(&self) -> Vec<String> {
        let lines = self.tell("/se/log", &json!({"type": "browser"}));
        let lines = lines.as_array().expect("a list comes back").iter().map(|line| text_of(&line["message"]));
        lines.filter(|line| line.contains("Content Security Policy") || line.contains("blocked")).collect()
    }

    /// Whether a button can be seen and reached without pushing the page sideways.
    pub fn reaches(&self, css: &str) -> bool {
        let script = format!(
            "const button = document.querySelector({}); if (!button) return false; \
             button.scrollIntoView({{block: 'center'}}); const box = button.getBoundingClientRect(); \
             const on = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2); \
             return box.width > 0 && box.height >= 24 && box.left >= 0 && box.right <= innerWidth && button.contains(on);",
            json!(css)
        );
        self.script(&script) == true
    }

    /// Takes one thing by a part of it and lets it go on the upper half of another.
    pub fn drag(&self, from: &str, to: &str) {
        let origin = |css: &str| json!({ELEMENT: self.find(css).trim_start_matches("/element/")});
        let (from, to) = (origin(from), origin(to));
        let pointer =
            |over: &Value, y: i32| json!({"type": "pointerMove", "duration": 100, "origin": over, "x": 0, "y": y});
        let actions = [
            pointer(&from, 0),
            json!({"type": "pointerDown", "button": 0}),
            pointer(&from, -5),
            pointer(&to, 0),
            pointer(&to, -8),
            json!({"type": "pointerUp", "button": 0}),
        ];
        let mouse =
            json!({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions});
        self.tell("/actions", &json!({"actions": [mouse]}));
    }

    /// Lets the page use the clipboard, as somebody does who says yes.
    pub fn lend_clipboard(&self) {
        let permissions = json!(["clipboardReadWrite", "clipboardSanitizedWrite"]);
        self.devtools("Browser.grantPermissions", &json!({"permissions": permissions}));
    }

    /// Runs script that answers later: it calls `done` with what it has.
    pub fn later(&self, script: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        self.tell("/execute/async", &json!({"script": script, "args": []}))
    }

    fn devtools(&self, command: &str, parameters: &Value) {
        self.tell("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}));
    }

    /// Keeps a picture of the window when `POSTDUIF_TEST_SCREENSHOTS` names a folder for it.
    pub fn picture(&self, name: &str) {
        if let Some(folder) = std::env::var_os("POSTDUIF_TEST_SCREENSHOTS") {
            let png = BASE64_STANDARD.decode(text_of(&self.look("/screenshot"))).expect("a picture is base64");
            std::fs::create_dir_all(&folder).expect("the folder for pictures can be made");
            std::fs::write(std::path::Path::new(&folder).join(name).with_extension("png"), png).expect("it is written");
        }
    }

    fn find(&self, css: &str) -> String {
        let found = self.tell("/element", &json!({"using": "css selector", "value": css}));
        format!("/element/{}", text_of(&found[ELEMENT]))
    }

    fn look(&self, place: &str) -> Value {
        value(self.driver.get(&format!("{}{place}", self.session)))
    }

    fn tell(&self, place: &str, what: &Value) -> Value {
        value(self.driver.post_json(&format!("{}{place}", self.session), what))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.driver.ask("DELETE", &self.session).send();
    }
}

fn value(answer: Answer) -> Value {
    assert_eq!(answer.status, 200, "the browser answers: {}", answer.text());
    answer.json()["value"].take()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("WebDriver should have sent a text, not {value}")).to_owned()
}
