# Makes sure that the browser tests find a Chromium: one that is there, else the system's package, else Playwright's.
set -eu

find_browser() {
    for candidate in chromium chromium-browser google-chrome "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
        command -v "$candidate" >/dev/null 2>&1 && return 0
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

if find_browser; then
    exit 0
fi
if command -v apt-get >/dev/null 2>&1 && as_root true 2>/dev/null; then
    echo "    installing Chromium and a Chinese font with apt-get"
    as_root apt-get update -qq
    if as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk; then
        exit 0
    fi
fi
echo "    installing Playwright's Chromium"
.venv/bin/playwright install chromium
