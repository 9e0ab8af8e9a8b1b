#!/bin/sh
# Runs every test, also on a fresh machine: installs the programs that the interoperability tests need (the
# Python peers install themselves, pinned, into target/interop-venv), then calls cargo. Arguments go to
# `cargo test`.
set -eu
cd "$(dirname "$0")"

missing=""
command -v tshark >/dev/null || missing="$missing tshark"
command -v socat >/dev/null || missing="$missing socat"
command -v qemu-system-arm >/dev/null || missing="$missing qemu-system-arm"
# The compiler of the firmware: rustup's, after `rustup target add thumbv7em-none-eabihf`, or Debian's.
if ! [ -d "$(rustc --print sysroot)/lib/rustlib/thumbv7em-none-eabihf" ] && ! [ -d /usr/lib/rustlib/src/rust/library/core ]; then
    missing="$missing cargo-web rust-web-src rustc-web"
fi
python3 -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3 python3-venv"

if [ -n "$missing" ]; then
    echo "test.sh: missing:$missing" >&2
    if ! command -v apt-get >/dev/null; then
        echo "test.sh: install these with your package manager, then run ./test.sh again" >&2
        exit 1
    elif [ "$(id -u)" = 0 ]; then
        as_root="env"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root="sudo env"
    else
        echo "test.sh: run this, then ./test.sh again:  sudo apt-get install$missing" >&2
        exit 1
    fi
    $as_root DEBIAN_FRONTEND=noninteractive apt-get update -qq
    # shellcheck disable=SC2086
    $as_root DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi

exec cargo test --workspace --locked "$@"
