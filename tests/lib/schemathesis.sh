# Schemathesis (MIT): a client that makes requests of our own description of the API, and looks whether the answers are what it says. A
# tool of the tests alone, from the Python package index into the folder that is deleted at the end.

# schemathesis_fetch FOLDER: sets SCHEMATHESIS, its program.
schemathesis_fetch() {
    local folder=$1
    mkdir -p "$folder"
    { python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check \
        "schemathesis==$SCHEMATHESIS_VERSION"; } >"$folder/log" 2>&1 </dev/null || { cat "$folder/log" >&2; fail "pip could not fetch schemathesis"; }
    SCHEMATHESIS=$folder/venv/bin/schemathesis
}

# One version, so that a new check of theirs breaks no old build.
SCHEMATHESIS_VERSION=4.32.5
