# html-validate (David Sveningsson, MIT): what the tests hold our pages and mails against for the HTML standard. A tool of
# the tests alone, from the npm registry into the folder that is deleted at the end.

# html_validate_fetch FOLDER: sets HTML_VALIDATE, its program.
html_validate_fetch() {
    local folder=$1
    mkdir -p "$folder"
    npm install --prefix "$folder" --cache "$folder/cache" --no-audit --no-fund --no-save --ignore-scripts --silent \
        "html-validate@$HTML_VALIDATE_VERSION" >"$folder/log" 2>&1 </dev/null ||
        { cat "$folder/log" >&2; fail "npm could not fetch html-validate"; }
    HTML_VALIDATE=$folder/node_modules/.bin/html-validate
    [ -x "$HTML_VALIDATE" ] || fail "html-validate came without its program"
}

# One version, so that a new rule of theirs breaks no old build.
HTML_VALIDATE_VERSION=10.17.0
