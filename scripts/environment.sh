# Sourced by the other scripts: go to the repository, make .venv, and install the dependencies of pyproject.toml at the
# versions of constraints.txt. A second run installs nothing. Set `extras` before, such as extras=dev, to install more.
set -eo pipefail # not -u: the bash of macOS treats an empty array as unset
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  echo "error: $1" >&2
  exit 2
}

find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  fail "no Python 3.11 or newer was found; install one, or set PYTHON: PYTHON=/path/to/python3 $0"
}

venv_python() { # Windows has it elsewhere
  if [ -x .venv/Scripts/python.exe ]; then echo .venv/Scripts/python.exe; else echo .venv/bin/python; fi
}

install() {
  local wanted stamp stamps=.venv/installed-${extras:-*} # every extra includes the base
  wanted=$(cat pyproject.toml constraints.txt | cksum)
  for stamp in $stamps; do
    if [ -x "$python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
      return
    fi
  done
  echo "Installing into .venv (once; torch is the large part) ..." >&2
  if ! "$python" -m pip --version >/dev/null 2>&1; then
    "$(find_python)" -m venv --clear .venv ||
      fail "could not make .venv; on Debian and Ubuntu: apt install python3-venv"
    python=$(venv_python)
  fi
  # Before 24.1, pip cannot combine a pinned version with an extra of the same package, such as lxml[html-clean].
  "$python" -m pip install --quiet --disable-pip-version-check "pip>=24.1" >&2 ||
    fail "pip could not be updated; see the lines above, then run $0 again"
  "$python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".${extras:+[$extras]}" >&2 ||
    fail "the installation failed; see the lines above, then run $0 again"
  echo "$wanted" >".venv/installed-${extras:-base}"
}

python=$(venv_python)
install
