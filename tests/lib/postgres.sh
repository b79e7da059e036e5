# A PostgreSQL cluster of our own in a temporary folder, on a free port of the loopback interface.

# postgres_start FOLDER: starts it and sets POSTGRES_URL, a superuser's address of its database "postgres".
# The server refuses to run as root, so root lends it to the account that its package made.
postgres_start() {
    local folder=$1 bin password port
    bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    password=$(openssl rand -hex 16)
    mkdir -p "$folder"
    printf '%s\n' "$password" >"$folder/password"
    postgres_as=()
    if [ "$(id -u)" = 0 ]; then
        chown -R postgres: "$folder"
        postgres_as=(runuser -u postgres --)
    fi
    "${postgres_as[@]}" "$bin/initdb" --pgdata="$folder/data" --username=postgres --pwfile="$folder/password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$folder/initdb.log"
    # Nothing here outlives the run, and a killed postduif is no power cut: the disk need not be waited for.
    # The time zone is odd on purpose: what reads the server's own clock or zone shows at once.
    cat >>"$folder/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$folder'
max_connections = 300
shared_buffers = 128MB
fsync = off
full_page_writes = off
timezone = 'Pacific/Chatham'
CONF
    # Between choosing a free port and taking it another program may take it: choose again.
    for _ in 1 2 3 4 5; do
        port=$(free_port)
        if "${postgres_as[@]}" "$bin/pg_ctl" --pgdata="$folder/data" --log="$folder/log" --options="-p $port" \
            --wait --silent start >/dev/null; then
            postgres_folder=$folder postgres_bin=$bin
            POSTGRES_URL="postgres://postgres:$password@127.0.0.1:$port/postgres"
            return 0
        fi
    done
    cat "$folder/log" >&2
    fail "PostgreSQL did not start; its last words are above"
}

postgres_stop() {
    [ -n "${postgres_folder:-}" ] || return 0
    "${postgres_as[@]}" "$postgres_bin/pg_ctl" --pgdata="$postgres_folder/data" --mode=immediate --silent stop >/dev/null || true
}
