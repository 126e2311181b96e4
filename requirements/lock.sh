#!/bin/sh
# Writes the hash-pinned locks, one a role, all with the versions of the widest (dev). Pins that still fit are
# kept; `make lock UPGRADE=1` takes the newest. The locks name no index and no host: that is the machine's choice.
set -eu
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}
upgrade=${UPGRADE:+--upgrade}

compile() {
    # --universal with the lowest Python: one file that holds for 3.11, 3.12 and 3.13.
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --custom-compile-command 'make lock' "$@"
}

compile pyproject.toml --extra dev $upgrade --output-file requirements/dev.txt
for role in kiosk store provisioning; do
    compile pyproject.toml --extra "$role" --constraint requirements/dev.txt --output-file "requirements/$role.txt"
done
compile requirements/build.in --constraint requirements/dev.txt --output-file requirements/build.txt

if grep -nE '://|--(extra-)?index|--find-links' requirements/*.txt; then
    echo 'lock: a lock names an address (above); it must not' >&2
    exit 1
fi
echo "lock: $(grep -c '==' requirements/dev.txt) packages in requirements/dev.txt"
