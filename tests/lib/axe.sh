# axe-core (Deque, MPL-2.0): what the tests hold our pages against for WCAG 2.2 AA. A tool of the tests alone, from the
# npm registry into the folder that is deleted at the end.

# axe_fetch FOLDER: sets AXE_FILE, its script.
axe_fetch() {
    local folder=$1
    mkdir -p "$folder"
    npm install --prefix "$folder" --cache "$folder/cache" --no-audit --no-fund --no-save --ignore-scripts --silent \
        "axe-core@$AXE_VERSION" >"$folder/log" 2>&1 </dev/null || { cat "$folder/log" >&2; fail "npm could not fetch axe-core"; }
    AXE_FILE=$folder/node_modules/axe-core/axe.min.js
    [ -s "$AXE_FILE" ] || fail "axe-core came without its script"
}

# One version, so that a new rule of theirs breaks no old build.
AXE_VERSION=4.14.1
