# Makes sure that the SSH tests find OpenSSH's server and client: those that are there, else the system's packages.
# The tests start servers of their own on loopback; the package's service is neither started nor left enabled.
set -eu

find_openssh() {
    { command -v sshd >/dev/null 2>&1 || [ -x /usr/sbin/sshd ]; } && command -v ssh >/dev/null 2>&1 &&
        command -v ssh-agent >/dev/null 2>&1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Debian's hook that packages ask before they start a service.
POLICY=/usr/sbin/policy-rc.d

install_without_starting() {
    forbidden=no
    if [ ! -e "$POLICY" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
        as_root chmod 755 "$POLICY"
        forbidden=yes
    fi
    status=0
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssh-server \
        openssh-client || status=$?
    if [ "$forbidden" = yes ]; then as_root rm -f "$POLICY"; fi
    if [ "$status" = 0 ] && command -v systemctl >/dev/null 2>&1; then
        as_root systemctl disable ssh.service ssh.socket >/dev/null 2>&1 || true
    fi
    return "$status"
}

if find_openssh; then
    exit 0
fi
if command -v apt-get >/dev/null 2>&1 && as_root true 2>/dev/null; then
    echo "    installing OpenSSH with apt-get, without its service"
    as_root apt-get update -qq
    install_without_starting && exit 0
fi
echo "    OpenSSH's server is missing: its tests will fail. Install it (Debian: openssh-server)." >&2
