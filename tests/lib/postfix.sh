# A Postfix of our own in a temporary folder: a real SMTP server that takes mail for everybody into one maildir.

# postfix_start FOLDER: starts it and sets POSTFIX_PLAIN, POSTFIX_STARTTLS, POSTFIX_AUTH and POSTFIX_TLS (the ports of
# its four doors), POSTFIX_REFUSING and POSTFIX_BOUNCES (ports that are the tests' own), POSTFIX_USER, POSTFIX_PASSWORD, POSTFIX_CA (the certificate to trust) and POSTFIX_MAILDIR.
#
#   PLAIN     no encryption, no password
#   STARTTLS  refuses mail before STARTTLS
#   AUTH      the same, and refuses mail before AUTH PLAIN or LOGIN (Cyrus SASL with a password file of its own)
#   TLS       encrypted from the first byte, with AUTH
#
# Mail for refusing.example goes on to port POSTFIX_REFUSING of loopback, where a test may refuse it: then Postfix sends a
# report of its own. Mail for smtp.bounces.example and lmtp.bounces.example goes on to POSTFIX_BOUNCES. Recipients whose local part begins with "unknown" are refused for good (550), with "full" for now (452).
postfix_start() {
    local folder=$1
    mkdir -p "$folder"/{config/sasl,queue,data,mail}
    postfix_certificate "$folder/tls"
    POSTFIX_USER=pigeon POSTFIX_PASSWORD=$(openssl rand -hex 16)
    printf 'pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: %s\nmech_list: PLAIN LOGIN\n' \
        "$folder/config/sasl/users" >"$folder/config/sasl/smtpd.conf"
    printf '%s' "$POSTFIX_PASSWORD" | saslpasswd2 -p -c -f "$folder/config/sasl/users" -u localhost "$POSTFIX_USER"
    printf '/^unknown/ 550 5.1.1 User unknown\n/^full/ 452 4.2.2 Mailbox full\n' >"$folder/config/recipients"
    POSTFIX_REFUSING=$(free_port) POSTFIX_BOUNCES=$(free_port)
    printf '%s\n' "refusing.example smtp:[127.0.0.1]:$POSTFIX_REFUSING" "smtp.bounces.example smtp:[127.0.0.1]:$POSTFIX_BOUNCES" \
        "lmtp.bounces.example lmtp:inet:127.0.0.1:$POSTFIX_BOUNCES" >"$folder/config/transport"
    postfix_settings "$folder" >"$folder/config/main.cf"
    chown root "$folder/queue"
    chown postfix "$folder/data" "$folder/mail"
    chgrp postfix "$folder/config/sasl/users" && chmod 640 "$folder/config/sasl/users"
    # Between choosing free ports and taking them another program may take one: choose again.
    for _ in 1 2 3 4 5; do
        POSTFIX_PLAIN=$(free_port) POSTFIX_STARTTLS=$(free_port) POSTFIX_AUTH=$(free_port) POSTFIX_TLS=$(free_port)
        postfix_services >"$folder/config/master.cf"
        postfix -c "$folder/config" start >>"$folder/log" 2>&1 || true
        postfix_folder=$folder
        if wait_for_port "$POSTFIX_PLAIN" && wait_for_port "$POSTFIX_TLS"; then
            POSTFIX_CA=$folder/tls/ca.pem POSTFIX_MAILDIR=$folder/mail/inbox
            return 0
        fi
        postfix_stop
    done
    cat "$folder/log" >&2
    fail "Postfix did not start; its last words are above"
}

postfix_stop() {
    [ -n "${postfix_folder:-}" ] || return 0
    postfix -c "$postfix_folder/config" stop >>"$postfix_folder/log" 2>&1 || true
}

# An authority that nobody knows, and its certificate for localhost: trusted only by who is told to trust it.
postfix_certificate() {
    local folder=$1
    mkdir -p "$folder"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=postduif test authority" \
        -keyout "$folder/ca.key" -out "$folder/ca.pem" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" \
        -keyout "$folder/server.key" -out "$folder/server.csr" 2>/dev/null
    openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -days 2 \
        -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n') \
        -out "$folder/server.pem" 2>/dev/null
}

postfix_settings() {
    local folder=$1
    cat <<CONF
compatibility_level = 3.6
config_directory = $folder/config
queue_directory = $folder/queue
data_directory = $folder/data
maillog_file = $folder/log
maillog_file_prefixes = $folder
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.postfix.test
mydestination =
alias_maps =
default_transport = error:nothing leaves this machine
transport_maps = texthash:$folder/config/transport
mynetworks = 127.0.0.0/8
biff = no
message_size_limit = 2097152
smtpd_recipient_restrictions = check_recipient_access regexp:$folder/config/recipients, permit_mynetworks, reject
# The tests knock often and all from one address.
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
virtual_mailbox_domains = static:everything
virtual_mailbox_base = $folder/mail
virtual_mailbox_maps = static:inbox/
virtual_uid_maps = static:$(id -u postfix)
virtual_gid_maps = static:$(id -g postfix)
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
smtpd_tls_cert_file = $folder/tls/server.pem
smtpd_tls_key_file = $folder/tls/server.key
smtpd_tls_loglevel = 1
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = $folder/config/sasl
smtpd_sasl_local_domain = localhost
smtpd_sasl_security_options = noanonymous
CONF
}

# Only what taking and keeping mail needs; nothing listens elsewhere and nothing leaves the machine.
postfix_services() {
    cat <<CONF
127.0.0.1:$POSTFIX_PLAIN inet n - n - - smtpd
127.0.0.1:$POSTFIX_STARTTLS inet n - n - - smtpd
    -o smtpd_tls_security_level=encrypt
127.0.0.1:$POSTFIX_AUTH inet n - n - - smtpd
    -o smtpd_tls_security_level=encrypt
    -o smtpd_sasl_auth_enable=yes
    -o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:$POSTFIX_TLS inet n - n - - smtpd
    -o smtpd_tls_wrappermode=yes
    -o smtpd_sasl_auth_enable=yes
    -o smtpd_client_restrictions=permit_sasl_authenticated,reject
anvil unix - - n - 1 anvil
bounce unix - - n - 0 bounce
cleanup unix n - n - 0 cleanup
defer unix - - n - 0 bounce
pickup unix n - n 60 1 pickup
postlog unix-dgram n - n - 1 postlogd
proxymap unix - - n - - proxymap
qmgr unix n - n 300 1 qmgr
retry unix - - n - - error
rewrite unix - - n - - trivial-rewrite
smtp unix - - n - - smtp
tlsmgr unix - - n 1000? 1 tlsmgr
error unix - - n - - error
lmtp unix - - n - - lmtp
local unix - n n - - error
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
virtual unix - n n - - virtual
CONF
}
