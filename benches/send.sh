#!/usr/bin/env bash
# How fast the whole product sends: a release build against Postfix's `smtp-sink`, beside Postfix's own load generator
# `smtp-source`, in interleaved rounds. Prints a Markdown table of medians.
#
#   benches/send.sh                        what is built in target/release (cargo build --release)
#   POSTDUIF_TEST_DATABASE_URL=postgres://… benches/send.sh      an empty PostgreSQL as well
#   READERS=10000 ROUNDS=3 CONNECTIONS="1 10" DKIM="no rsa" PROGRAM=target/release/postduif
#   LOOP=…                                 the plain lettre loop (benches/loop.rs), built: cargo bench --no-run
#
# Every mail is about 50 kB, with links of its own for its reader; every record is written as in real life. smtp-source
# neither personalises, nor signs, nor keeps records.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH=$PATH:/usr/sbin:/sbin

READERS=${READERS:-10000} ROUNDS=${ROUNDS:-3} CONNECTIONS=${CONNECTIONS:-"1 10"} DKIM=${DKIM:-"no rsa"}
PROGRAM=$(realpath "${PROGRAM:-target/release/postduif}")
for needed in smtp-sink smtp-source python3 openssl; do
    command -v "$needed" >/dev/null || { echo "benches/send.sh needs $needed (apt-get install postfix python3 openssl)" >&2; exit 1; }
done

folder=$(mktemp --directory --tmpdir postduif-bench.XXXXXXXX)
sink_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
as=()
[ "$(id -u)" -ne 0 ] || as=(-u nobody) # it refuses to run as root
smtp-sink "${as[@]}" "127.0.0.1:$sink_port" 1000 &
sink=$!
trap 'kill $sink 2>/dev/null || true; rm -rf "$folder"' EXIT

openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$folder/rsa.pem"
python3 -c "print('email', *(f'reader{n}@host{n % 50}.example' for n in range($READERS)), sep='\n')" >"$folder/readers.csv"

# postduif ENGINE CONNECTIONS DKIM ARGUMENTS…
postduif() {
    local engine=$1 connections=$2 dkim=$3 settings=()
    shift 3
    if [ "$engine" = PostgreSQL ]; then
        settings+=("POSTDUIF_DATABASE_URL=$POSTDUIF_TEST_DATABASE_URL")
    else
        settings+=("POSTDUIF_DATABASE_URL=sqlite:$folder/bench.db")
    fi
    if [ "$dkim" = rsa ]; then
        settings+=(POSTDUIF_DKIM_DOMAIN=example.org POSTDUIF_DKIM_SELECTOR=bench "POSTDUIF_DKIM_KEY_FILE=$folder/rsa.pem")
    fi
    env -i "${settings[@]}" POSTDUIF_OFFLINE=true POSTDUIF_LOG=error POSTDUIF_PUBLIC_URL=https://news.example.org \
        POSTDUIF_SECRET_KEY=cG9zdGR1aWYgY2FycmllcyB0aGUgbWFpbCBvZiBhIHRlc3Q= \
        POSTDUIF_SMTP_URL="smtp://127.0.0.1:$sink_port?tls=none" POSTDUIF_SMTP_CONNECTIONS="$connections" \
        POSTDUIF_BOUNCE_ADDRESS=bounces@example.org "$PROGRAM" "$@"
}

# An edition of about 50 kB, approved; its id.
edition() {
    local engine=$1 connections=$2 dkim=$3 round=$4 number summary
    summary=$(python3 -c "print(' '.join(['Een zin die in iedere nieuwsbrief had kunnen staan, van gewone lengte.'] * 8))")
    for number in $(seq 20); do
        postduif "$engine" "$connections" "$dkim" article add bench --section blogs --title "Article $number of $round" \
            --url "https://www.example.org/$engine/$connections/$dkim/$round/$number" --summary "$summary" >/dev/null
    done
    local id
    id=$(postduif "$engine" "$connections" "$dkim" edition assemble bench --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')
    postduif "$engine" "$connections" "$dkim" edition approve "$id" --accept-warnings >/dev/null
    echo "$id"
}

# One sending: engine, connections, DKIM, messages a second, CPU seconds for 10,000, MiB at most.
send() {
    local engine=$1 connections=$2 dkim=$3 round=$4 id
    id=$(edition "$engine" "$connections" "$dkim" "$round")
    TIMEFORMAT='%U %S'
    local cpu
    { time postduif "$engine" "$connections" "$dkim" edition send "$id" --wait >/dev/null & local job=$!; } 2>"$folder/cpu"
    local most=0 now pid
    while kill -0 "$job" 2>/dev/null; do
        for pid in $(pgrep -P "$job" || true) "$job"; do
            now=$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null || echo 0)
            [ "${now:-0}" -le "$most" ] || most=$now
        done
        sleep 0.1
    done
    wait "$job"
    cpu=$(cat "$folder/cpu")
    postduif "$engine" "$connections" "$dkim" edition show "$id" --json | python3 -c "
import json, sys
from datetime import datetime
e = json.load(sys.stdin)
assert e['counts']['accepted'] == $READERS, e
took = (datetime.fromisoformat(e['finished_at']) - datetime.fromisoformat(e['started_at'])).total_seconds()
cpu = sum(map(float, '$cpu'.split())) * 10000 / $READERS
print('$engine', '$connections', '$dkim', $READERS / took, cpu, $most / 1024)"
}

# The same number of messages of the same size by smtp-source.
reference() {
    local connections=$1
    TIMEFORMAT='%R %U %S'
    { time smtp-source -d -s "$connections" -m "$READERS" -l 51200 -f a@example.org -t b@example.org "127.0.0.1:$sink_port"; } 2>"$folder/source"
    python3 -c "
real, user, system = map(float, open('$folder/source').read().split())
print('smtp-source', '$connections', 'no', $READERS / real, (user + system) * 10000 / $READERS, 0)"
}

# The loop that most programs write, over one connection; few messages, because each waits for 44 ms.
plain_loop() {
    TIMEFORMAT='%U %S'
    { time SINK="127.0.0.1:$sink_port" MESSAGES=200 "$LOOP" >"$folder/loop"; } 2>"$folder/cpu"
    python3 -c "
seconds, cpu = float(open('$folder/loop').read()), sum(map(float, open('$folder/cpu').read().split()))
print('lettre-loop', 1, 'no', 200 / seconds, cpu * 50, 0)"
}

engines="SQLite"
[ -z "${POSTDUIF_TEST_DATABASE_URL:-}" ] || engines="SQLite PostgreSQL"
for engine in $engines; do
    postduif "$engine" 1 no newsletter create bench --title Bench --from 'Bench <bench@example.org>' --postal-address 'Street 1' --max-per-year 366 >/dev/null
    postduif "$engine" 1 no subscriber import "$folder/readers.csv" --newsletter bench --consent 'made up for a measurement' >/dev/null
done
for round in $(seq "$ROUNDS"); do
    for connections in $CONNECTIONS; do
        reference "$connections"
        [ "$connections" != 1 ] || [ -z "${LOOP:-}" ] || plain_loop
        for engine in $engines; do
            for dkim in $DKIM; do
                send "$engine" "$connections" "$dkim" "$round"
            done
        done
    done
done | tee "$folder/results" >&2

python3 - "$folder/results" <<'PYTHON'
import sys
from collections import defaultdict
from statistics import median

rounds = defaultdict(list)
for line in open(sys.argv[1]):
    sender, connections, dkim, *numbers = line.split()
    rounds[sender, int(connections), dkim].append([float(number) for number in numbers])
middle = {key: [median(column) for column in zip(*values)] for key, values in rounds.items()}
print("| sender | connections | DKIM | messages/s | ÷ smtp-source | CPU s/10k | MiB |")
print("|---|---|---|---|---|---|---|")
for (sender, connections, dkim), (rate, cpu, memory) in sorted(middle.items(), key=lambda item: (item[0][1], item[0][0] != "smtp-source", item[0])):
    pairs = zip(rounds[sender, connections, dkim], rounds["smtp-source", connections, "no"])
    ratio = median(ours[0] / theirs[0] for ours, theirs in pairs)
    print(f"| {sender} | {connections} | {dkim} | {rate:,.0f} | {ratio:.2f} | {cpu:.2f} | {f'{memory:.0f}' if memory else '–'} |")
PYTHON
