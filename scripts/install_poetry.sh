# Puts Poetry into a virtual environment of its own, with the plugin that lets it use pip's index.
set -eu
here=$(dirname "$0")
python=$(sh "$here/find_python.sh")
[ -x .poetry/bin/python ] || "$python" -m venv .poetry
.poetry/bin/python -m pip install --quiet --disable-pip-version-check poetry==2.5.1 poetry-plugin-pypi-mirror==0.6.5
