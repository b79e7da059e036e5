# Chromium's driver: what a test asks for a browser.

# browser_start FOLDER: starts it on a port that it chooses itself and sets WEBDRIVER_URL.
browser_start() {
    local folder=$1 port
    mkdir -p "$folder"
    : >"$folder/log"
    # Chromium leaves profiles, sockets and crash reports behind: all of it goes where we shall delete it.
    HOME=$folder TMPDIR=$folder chromedriver --port=0 --log-level=WARNING >"$folder/log" 2>&1 &
    browser_pid=$!
    for _ in $(seq 100); do
        port=$(sed -n 's/.*started successfully on port \([0-9]\+\).*/\1/p' "$folder/log")
        if [ -n "$port" ]; then
            WEBDRIVER_URL="http://127.0.0.1:$port"
            return 0
        fi
        sleep 0.1
    done
    cat "$folder/log" >&2
    fail "chromedriver did not start; its last words are above"
}

# Asks the driver first, which closes its browsers; a kill alone would leave them.
browser_stop() {
    [ -n "${browser_pid:-}" ] || return 0
    [ -z "${WEBDRIVER_URL:-}" ] || curl --silent --max-time 5 "$WEBDRIVER_URL/shutdown" >/dev/null || true
    kill "$browser_pid" 2>/dev/null || true
    wait "$browser_pid" 2>/dev/null || true
}
