#!/bin/sh
# Makes a Python environment from a lock file and installs the project into it.
#
# Usage: scripts/setup.sh FOLDER LOCK [PROJECT]
# Such as: scripts/setup.sh .venv requirements/demo.txt; PROJECT is this folder if left out, and
# nothing but the lock is installed if it is `none`.
#
# Needs Python 3.11, 3.12 or 3.13 with pip. Uses the uv on PATH or gets one into .uv/. Nothing is
# installed into the system's Python.
set -eu

folder=$1
lock=$2
project=${3:-.}
python=${PYTHON:-python3}
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

. scripts/say.sh

check_python() {
    command -v "$python" >/dev/null 2>&1 ||
        fail "there is no $python here" "Install Python 3.11 or newer: $(install_line python3 python3-pip)"
    "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' ||
        fail "$("$python" --version) is not 3.11, 3.12 or 3.13" \
            "Name another one: make PYTHON=python3.12"
}

# uv makes environments without Python's venv module, so pip alone is enough to start from. A pip
# that guards the system (PEP 668) still installs into a folder.
find_uv() {
    if command -v uv >/dev/null 2>&1; then
        uv=uv
    else
        uv=.uv/bin/uv
        [ -x "$uv" ] || get_uv
    fi
}

get_uv() {
    say "getting uv into .uv/"
    if "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
            --root-user-action ignore --require-hashes --target .uv --upgrade -r requirements/uv.txt ||
            fail "pip could not install uv" "See what it says above; it needs a package index."
    elif "$python" -m venv --clear .uv >/dev/null 2>&1; then
        .uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
            -r requirements/uv.txt ||
            fail "pip could not install uv" "See what it says above; it needs a package index."
    else
        rm -rf .uv
        fail "$python has neither pip nor a working venv module, and there is no uv" \
            "Install one of them: $(install_line python3-pip)"
    fi
}

install() {
    say "installing $lock into $folder/"
    # A half-made environment is made anew: only a finished one has the stamp.
    "$uv" venv --quiet --clear --python "$python" "$folder"
    # Compiled now: the first command would else spend seconds on it.
    "$uv" pip sync --quiet --python "$folder" --require-hashes --compile-bytecode \
        --build-constraints requirements/build.txt "$lock"
    [ "$project" != none ] || return 0
    "$uv" pip install --quiet --python "$folder" --no-deps \
        --build-constraints requirements/build.txt --editable "$project"
    "$folder/bin/python" -m compileall -q "$project/src"
}

# LightGBM's wheel takes the OpenMP runtime from the system.
check_libgomp() {
    if "$folder/bin/python" -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null; then
        return
    fi
    install_package libgomp1 ||
        fail "LightGBM needs libgomp.so.1, which is not here" "Install it: $(install_line libgomp1)"
}

export UV_PYTHON_DOWNLOADS=never
# An environment that happens to be active is not the one to work on.
unset VIRTUAL_ENV CONDA_PREFIX PYTHONHOME PYTHONPATH
check_python
find_uv
install
[ "$project" != . ] || check_libgomp
touch "$folder/.ready"
