# Installs the locked packages. Poetry does not read pip's configuration, so it is told the index that pip uses:
# mirrors and closed networks then work without a word in the repository.
set -eu
here=$(dirname "$0")
if [ -z "${POETRY_PYPI_MIRROR_URL:-}" ]; then
    POETRY_PYPI_MIRROR_URL=$(.poetry/bin/python "$here/read_pip_index.py")
    export POETRY_PYPI_MIRROR_URL
fi
python=$(sh "$here/find_python.sh")
[ -d .venv ] || "$python" -m venv --without-pip .venv
.poetry/bin/poetry sync --no-interaction
