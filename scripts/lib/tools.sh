# Sourced by the scripts that need a tool which Debian does not package.
#
# pypi_tool PROGRAM PACKAGE VERSION    sets `tool` to the program's path: the one on PATH, else the one that this wheel holds

tool=
tool_folder=${XDG_CACHE_HOME:-$HOME/.cache}/nikita-jobs

pypi_tool() {
    local program=$1 package=$2 version=$3
    if tool=$(command -v "$program"); then return; fi
    tool=$tool_folder/$package-$version/$program
    [ -x "$tool" ] && return
    command -v pip3 >/dev/null || install_packages python3-pip
    printf 'fetching %s %s\n' "$package" "$version"
    local fresh
    mkdir -p "$tool_folder"
    fresh=$(mktemp -d "$tool_folder/fetch.XXXXXX")
    pip3 download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$fresh" "$package==$version"
    (cd "$fresh" && python3 -m zipfile -e ./*.whl . && mv ./*/scripts/"$program" . && chmod +x "$program")
    rm -rf "${tool%/*}"
    mv "$fresh" "${tool%/*}"
}
