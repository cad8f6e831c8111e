# Makes sure that the tests of host facts find a second kind of shell and tools beside this system's own: busybox, as
# small systems have it, and the network tools that a slim image lacks.
set -eu

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

missing=""
command -v busybox >/dev/null 2>&1 || missing="$missing busybox"
command -v ss >/dev/null 2>&1 || missing="$missing iproute2"
command -v netstat >/dev/null 2>&1 || missing="$missing net-tools"
command -v ps >/dev/null 2>&1 || missing="$missing procps"

if [ -z "$missing" ]; then
    exit 0
fi
if command -v apt-get >/dev/null 2>&1 && as_root true 2>/dev/null; then
    echo "    installing$missing with apt-get"
    as_root apt-get update -qq
    # shellcheck disable=SC2086 - one word for each package
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing && exit 0
fi
echo "    not found:$missing; the tests that need them are skipped"
