//! Every setting takes a value or refuses it in words that do not repeat a password.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postduif::config::Config;
use postduif::config::settings::ALL;

fuzz_target!(|input: (u8, &str)| {
    let (which, value) = input;
    let setting = &ALL[usize::from(which) % ALL.len()];
    // Named files are read, and programs named here are run by who asks for them: no part of this.
    if let Err(error) = Config::from_values(&[(setting.key, value)]) {
        let told = error.to_string();
        assert!(!told.is_empty());
        if let Some(secret) = value.strip_prefix("smtp://u:").and_then(|rest| rest.split('@').next())
            && secret.len() > 12
        {
            assert!(!told.contains(secret), "{told}");
        }
    }
});
