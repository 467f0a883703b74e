#!/bin/sh
# Makes sure that the tests find a Chromium and a font with Korean (they look at the demo's report).
#
# Usage: scripts/browser.sh
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/say.sh

found() {
    command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
        command -v google-chrome >/dev/null 2>&1
}

korean() {
    command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=ko family)" ]
}

found || install_package chromium || true
found || fail "there is no Chromium here, in which the tests open the demo's report" \
    "Install it: $(install_line chromium), or Google Chrome."
korean || install_package fontconfig || true
korean || install_package fonts-noto-cjk || true
korean || fail "there is no font with Korean here, which the demo's report is shown in" \
    "Install one: $(install_line fontconfig fonts-noto-cjk)"
