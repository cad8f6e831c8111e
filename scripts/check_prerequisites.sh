# Names what is missing, with the command that installs it.
set -u
here=$(dirname "$0")
system=$(uname -s)
failed=0

missing() { # what, Debian packages, Homebrew formula
    failed=1
    if [ "$system" = Darwin ]; then
        echo "Missing: $1. Install it with: brew install $3" >&2
    else
        echo "Missing: $1. Install it with: sudo apt-get install -y $2" >&2
    fi
}

if python=$(sh "$here/find_python.sh"); then
    "$python" -c 'import ensurepip, venv' 2>/dev/null \
        || missing "the venv module of $python" python3-venv python@3.12
else
    missing "Python 3.11 or newer" "python3 python3-venv" python@3.12
fi

if command -v node >/dev/null 2>&1; then
    major=$(node -p 'process.versions.node.split(".")[0]')
    if [ "$major" -lt 20 ]; then
        failed=1
        echo "Node.js $(node --version) is too old: 20 or newer is needed (https://nodejs.org)." >&2
    fi
else
    missing "Node.js 20 or newer" nodejs node
fi
command -v npm >/dev/null 2>&1 || missing npm npm node

exit $failed
