#!/bin/sh
# Makes sure that Apache Spark finds Java 17 or newer (the tests run it beside Sail).
#
# Usage: scripts/java.sh
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/say.sh

java_version() {
    java=${JAVA_HOME:+$JAVA_HOME/bin/}java
    command -v "$java" >/dev/null 2>&1 || {
        echo 0
        return
    }
    # openjdk version "17.0.15" 2025-04-15
    version=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9][0-9]*\).*/\1/p' | head -n 1)
    echo "${version:-0}"
}

[ "$(java_version)" -ge 17 ] && exit 0
# The release's own Java: 17 on Debian 12, 21 on Ubuntu 24.04 and Debian 13.
install_package default-jre-headless || true
found=$(java_version)
[ "$found" -ge 17 ] && exit 0
[ "$found" -gt 0 ] && found="Java $found is too old" || found="there is no Java here"
fail "Apache Spark needs Java 17 or newer: $found" \
    "Install it: $(install_line default-jre-headless), or set JAVA_HOME."
