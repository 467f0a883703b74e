# shellcheck shell=sh
# Sourced by the set-up scripts: how they speak, fail and install system packages.

say() {
    printf '== %s\n' "$1" >&2
}

# fail WHAT ADVICE
fail() {
    printf 'error: %s\n  -> %s\n' "$1" "$2" >&2
    exit 4
}

# install_line PACKAGE...: the command that a person would type
install_line() {
    printf 'sudo apt-get install %s' "$*"
}

# install_package PACKAGE: installs it when that needs no password, else fails; talks only if it fails
install_package() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    say "installing the system package $1"
    {
        apt-get update -qq &&
            DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$1"
    } </dev/null >.apt.log 2>&1 || {
        cat .apt.log >&2
        return 1
    }
    rm -f .apt.log
}
