# What the tests need from the system.

# The system's own Python: dkimpy, an independent judge of our signatures, comes as a package of it.
TEST_PYTHON=/usr/bin/python3

# packages_install: installs by apt what is missing; asks nothing, and lets no package start its service.
packages_install() {
    local wanted=() policy=/usr/sbin/policy-rc.d
    have() { command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ]; }
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || wanted+=(postgresql)
    have postfix || wanted+=(postfix)
    have saslpasswd2 || wanted+=(sasl2-bin)
    [ -n "$(find /usr/lib -name 'libplain.so*' -path '*sasl2*' -print -quit)" ] || wanted+=(libsasl2-modules)
    have chromium || wanted+=(chromium)
    have chromedriver || wanted+=(chromium-driver)
    have python3 || wanted+=(python3)
    "$TEST_PYTHON" -c 'import dkim, nacl' 2>/dev/null || wanted+=(python3-dkim python3-nacl)
    python3 -c 'import ensurepip' 2>/dev/null || wanted+=(python3-venv)
    have openssl || wanted+=(openssl)
    have curl || wanted+=(curl)
    have npm || wanted+=(npm)
    [ ${#wanted[@]} -gt 0 ] || return 0

    echo "tests/run: installing ${wanted[*]}"
    local apt=(apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 --quiet --yes)
    export DEBIAN_FRONTEND=noninteractive
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
        packages_policy=$policy
    fi
    "${apt[@]}" update >/dev/null
    "${apt[@]}" install --no-install-recommends "${wanted[@]}" >/dev/null
    packages_tidy
}

packages_tidy() {
    [ -z "${packages_policy:-}" ] || rm -f "$packages_policy"
    packages_policy=
}
