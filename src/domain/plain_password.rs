//! Passwords that others would try first: common words, rows of the keyboard, what is known of their owner, with a year behind.

/// What people in our two languages choose when they must choose something; ours, by looking at what such lists share.
const BASES: &str = "\
    password passwort passwrd passw wachtwoord wachtwrd welkom welcome geheim secret admin administrator \
    beheerder beheer login inloggen logmein letmein toegang access changeme verander wijzig default standaard \
    tijdelijk temporary temp test tester testing demo user gebruiker guest gast root system systeem server \
    computer internet windows google facebook linkedin wordpress outlook office kantoor company bedrijf werk \
    work mail email post nieuws news brief letter nieuwsbrief newsletter postduif duif pigeon redactie editor \
    hallo hello hoihoi doei mijn onze iloveyou ikhouvanjou love liefde liefje schatje schat lieverd mama papa \
    oma opa mamma pappa prinses princess koning king queen master meester superman batman spiderman pokemon \
    starwars naruto minecraft dragon monkey tiger tijger shadow sunshine flower bloem bloemen summer winter \
    spring autumn zomer lente herfst voorjaar najaar januari februari maart april juni juli augustus september \
    oktober november december january february march june july august october maandag dinsdag woensdag donderdag \
    vrijdag zaterdag zondag monday tuesday wednesday thursday friday saturday sunday weekend vakantie holiday \
    kerst kerstmis christmas nederland holland dutch belgie vlaanderen amsterdam rotterdam utrecht denhaag \
    eindhoven groningen nijmegen antwerpen brussel london ajax feyenoord psveindhoven voetbal football soccer \
    hockey baseball basketball tennis oranje orange fiets fietsen kaas poes poesje katje hond hondje paard \
    konijn beer michael jordan jessica charlie thomas daniel martijn johan sander trustno whatever freedom \
    vrijheid jesus jezus angel engel money geld killer hunter ranger ninja samsung iphone mercedes ferrari \
    porsche correct horse battery staple abc xxx aaa qwerty azerty";

/// Keys beside one another, in the layouts of both countries, and the two rows that everybody knows by heart.
const ROWS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "qwertzuiop",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol",
    "qazwsxedcrfvtgbyhnujm",
    "qweasdzxc",
];

/// Shortest stretch of a row that counts as one.
const RUN: usize = 4;
/// Longest group of digits that counts as a year, a date or a number behind a word.
const DIGITS: usize = 8;
/// Letters that must remain when everything is taken away that others would try.
const LEAST_OWN: usize = 4;
/// Shortest word about the owner that is looked for.
const SHORTEST_KNOWN: usize = 3;

/// Whether little is left of a password when the words, rows, years and signs that others would try are taken away.
/// `about` is what is known of its owner: an address, a name, the organisation.
pub fn is_plain(text: &str, about: &[&str]) -> bool {
    let letters: Vec<char> = text.to_lowercase().chars().collect();
    let mut kinds = letters.clone();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.len() < 5 || repeats(&letters) {
        return true;
    }
    let split = |text: &str| -> Vec<String> {
        let lower = text.to_lowercase();
        lower.split(|letter: char| !letter.is_alphanumeric()).map(str::to_owned).collect()
    };
    let known: Vec<Vec<char>> = (about.iter().flat_map(|text| split(text)))
        .filter(|word| word.chars().count() >= SHORTEST_KNOWN)
        .chain(BASES.split_ascii_whitespace().map(str::to_owned))
        .map(|word| word.chars().collect())
        .collect();
    let backwards: Vec<char> = letters.iter().rev().copied().collect();
    own(&letters, &known) < LEAST_OWN || own(&backwards, &known) < LEAST_OWN
}

/// The same few letters over and over.
fn repeats(letters: &[char]) -> bool {
    (1..=8).any(|unit| letters.len() >= 2 * unit && letters.iter().zip(&letters[unit..]).all(|(one, next)| one == next))
}

/// The fewest letters that nobody would guess, over all ways to take the password apart.
fn own(letters: &[char], known: &[Vec<char>]) -> usize {
    // least[at]: how many of the first `at` letters are the owner's own.
    let mut least = vec![usize::MAX; letters.len() + 1];
    least[0] = 0;
    for at in 0..letters.len() {
        let (here, rest) = (least[at], &letters[at..]);
        let mut reach = |length: usize, cost: usize| least[at + length] = least[at + length].min(here + cost);
        reach(1, usize::from(rest[0].is_alphanumeric()));
        for word in known {
            if word.len() <= rest.len() && word.iter().zip(rest).all(|(letter, typed)| same(*letter, *typed)) {
                reach(word.len(), 0);
            }
        }
        for length in 1..=rest.iter().take(DIGITS).take_while(|letter| letter.is_ascii_digit()).count() {
            // A longer group is no year: it is the owner's own, unless it runs along a row.
            let ends = at == 0 || !letters[at - 1].is_ascii_digit();
            let whole = rest.get(length).is_none_or(|next| !next.is_ascii_digit());
            if ends && whole {
                reach(length, 0);
            }
        }
        let run = longest_run(rest);
        if run >= RUN {
            reach(run, 0);
        }
    }
    least[letters.len()]
}

/// How far the letters run along a row, forwards or backwards, or stay the same.
fn longest_run(letters: &[char]) -> usize {
    let stays = letters.iter().take_while(|letter| **letter == letters[0]).count();
    let along = |row: Vec<char>| {
        let starts = (0..row.len()).filter(|start| row[*start] == letters[0]);
        starts.map(|start| row[start..].iter().zip(letters).take_while(|(key, typed)| key == typed).count()).max()
    };
    let rows = ROWS.iter().flat_map(|row| [row.chars().collect::<Vec<_>>(), row.chars().rev().collect()]);
    rows.filter_map(along).max().unwrap_or(0).max(stays)
}

/// A letter, or the digit or sign that people write for it.
fn same(letter: char, typed: char) -> bool {
    letter == typed
        || matches!(
            (letter, typed),
            ('o', '0')
                | ('i' | 'l', '1' | '!' | '|')
                | ('e', '3' | '€' | 'é' | 'è' | 'ë')
                | ('a', '4' | '@' | 'á' | 'ä')
                | ('s', '5' | '$')
                | ('b', '8')
                | ('t', '7' | '+')
                | ('g', '9')
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: &[&str] = &["ada.lovelace@rekenbureau.nl", "Ada Lovelace", "IB&P Voorbeeldadvies", "Machinepost"];

    #[test]
    fn what_others_would_try_is_plain_however_it_is_dressed() {
        for plain in [
            "password1234",
            "welkom123456",
            "Welkom01012026",
            "P@ssw0rd2026!!",
            "4321drowssap",
            "geheim geheim",
            "wachtwoord!!",
            "Zomer2026Zomer",
            "qwertyuiop12",
            "1qaz2wsx3edc",
            "azertyuiop99",
            "asdfghjkl;'#",
            "admin-admin-1",
            "letmein letmein",
            "correct horse battery staple",
            "kaaskaaskaas",
            "abcabcabcabc",
            "123456789012",
            "987654321098",
            "aaaaaaaaaaaa",
            "lovelace2026!",
            "Rekenbureau#1",
            "ada@rekenbureau.nl",
            "ecalevol1815",
            "Machinepost01",
            "Voorbeeldadvies!",
            "nieuwsbrief2026",
            "Ik123456789!",
            "januari-2026!",
        ] {
            assert!(is_plain(plain, ABOUT), "{plain}");
        }
    }

    #[test]
    fn a_sentence_of_ones_own_is_not() {
        for own in [
            "een zin van een paar woorden",
            "twaalf teken",
            "quite another sentence",
            "a new one of many words",
            "zeven kippen op het dak",
            "ada rekent in de winter",
            "Tr4gischeM0ssel",
            "h7#kQz!p0Lw9",
            "583920174628395",
            "Η γάτα κοιμάται εδώ",
        ] {
            assert!(!is_plain(own, ABOUT), "{own}");
        }
    }

    #[test]
    fn the_longest_password_is_looked_at_in_no_time() {
        assert!(is_plain(&"welkom1!".repeat(125), ABOUT));
    }
}
