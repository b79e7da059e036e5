# Small words that the other helpers share.

fail() {
    printf 'tests/run: %s\n' "$*" >&2
    exit 1
}

# A port of the loopback interface that nobody has at this moment.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_for_port PORT: until somebody listens there, five seconds at most.
wait_for_port() {
    for _ in $(seq 50); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
        sleep 0.1
    done
    return 1
}
