# Makes sure that the tests on PostgreSQL find a server program; each run starts one of its own and throws it away.
set -eu

find_server() {
    command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

if find_server; then
    exit 0
fi
if command -v apt-get >/dev/null 2>&1 && as_root true 2>/dev/null; then
    echo "    installing PostgreSQL with apt-get"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql
    exit 0
fi
echo "    PostgreSQL is missing: its tests will fail. Install it (macOS: brew install postgresql@17)." >&2
