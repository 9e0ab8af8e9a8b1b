# Recipes of continuous integration, and some for development. `just` lists them.

set shell := ["bash", "-euo", "pipefail", "-c"]

# Lists the recipes.
default:
    @just --list --unsorted

# Checks the rules of the architecture: dependencies, sizes, handles, clocks, unsafe code, licenses, words, links.
house:
    cargo run --quiet --locked --package bindrune-house

# Writes the counts of tests/conformance.tsv into docs/conformance.md.
conformance:
    cargo run --quiet --locked --package bindrune-house -- conformance

# Checks format, lints in every combination of features, and spelling.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- --deny warnings
    cargo clippy --workspace --all-targets --all-features --locked -- --deny warnings
    for features in "" sync log defmt flash std serial tcp; do \
        cargo clippy --package bindrune --no-default-features --features "$features" --locked -- --deny warnings; \
    done
    for features in "" transport-0-1 bt-hci-0-8 bt-hci-0-10 bt-hci-0-11; do \
        cargo clippy --package bindrune-bt-hci --features "$features" --locked -- --deny warnings; \
    done
    cargo fmt --manifest-path examples/cortex-m/Cargo.toml --all --check
    cargo fmt --manifest-path examples/esp32-c3/Cargo.toml --check
    cargo clippy --manifest-path examples/cortex-m/Cargo.toml --target-dir target/examples --locked \
        --workspace --exclude bindrune-nrf52840 --exclude bindrune-nrf52840-sdc --exclude bindrune-pico-w --exclude bindrune-rp2040 -- --deny warnings
    cargo fmt --manifest-path tools/bench/Cargo.toml --all --check
    cargo clippy --manifest-path tools/bench/Cargo.toml --target-dir target/bench --locked --workspace --all-targets \
        --exclude bindrune-bench-board --exclude bindrune-bench-image --exclude bindrune-bench-image-trouble -- --deny warnings
    typos

# Tests the host with each capability alone and with none, and what a peer then sees.
capabilities:
    for features in "" caching capture central channels classic client commands extended fixed host-flow-control legacy long many-links observer oob privacy recovery security server statistics tuning; do \
        cargo clippy --package bindrune --no-default-features --features "$features" --locked -- --deny warnings; \
    done
    cargo test --package bindrune --no-default-features --locked --lib
    cargo test --package bindrune --no-default-features --features std --locked --lib --test absent
    for features in central,server central,statistics recovery,statistics security server; do \
        cargo test --package bindrune --no-default-features --features "$features",std --locked --test absent; \
    done

# Builds the workspace with the oldest compiler in Cargo.toml.
msrv:
    #!/usr/bin/env bash
    set -euo pipefail
    wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    if rustc --version | grep --quiet --fixed-strings "rustc $wanted."; then
        cargo check --workspace --locked
    else
        cargo "+$wanted" check --workspace --locked
    fi

# Builds the documentation as on docs.rs, with the features that each item needs; warnings are errors.
docs:
    RUSTC_BOOTSTRAP=1 RUSTDOCFLAGS="--cfg docsrs --deny warnings" cargo doc --workspace --all-features --no-deps --locked

# Builds the book of docs/book into target/book. `just house` checks its links; its examples are tested.
book:
    #!/usr/bin/env bash
    set -euo pipefail
    mdbook=target/mdbook/bin/mdbook
    [ -x "$mdbook" ] || CARGO_PROFILE_DEV_DEBUG=false cargo install mdbook --version 0.5.4 --locked --debug --no-default-features \
        --root target/mdbook --target-dir target/mdbook/build
    "$mdbook" build docs/book --dest-dir "$PWD/target/book" 2>&1 | tee target/mdbook/log
    ! grep -E "WARN|ERROR" target/mdbook/log

# Builds the host for a Cortex-M4, with Debian's toolchain (rustc-web cargo-web rust-web-src), on core alone.
no-std:
    #!/usr/bin/env bash
    set -euo pipefail
    target=thumbv7em-none-eabihf
    export RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc CARGO_TARGET_DIR=target/no-std
    unset RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER
    # Messages of all levels are compiled.
    export DEFMT_LOG=trace
    for features in "" classic,sync,log,defmt,flash; do
        /usr/bin/cargo build -Z build-std=core --target "$target" --release --locked \
            --package bindrune --no-default-features --features "$features"
    done
    # Only core was built for the target; nothing else of the standard library may have come in.
    if find "$CARGO_TARGET_DIR/$target" -name 'libstd-*' -o -name 'liballoc-*' | grep .; then
        echo "std or alloc was linked" >&2
        exit 1
    fi
    echo "no-std: bindrune builds for $target without std and without alloc"

# Builds the firmware of examples/cortex-m for boards that QEMU does not have, with the same toolchain.
boards:
    for board in esp32-c3 nrf52840 nrf52840-sdc pico-w rp2040; do examples/cortex-m/build "$board"; done

# Runs unit, property and virtual-time tests, and the examples in the documentation.
test *arguments:
    cargo test --workspace --exclude bindrune-interop --locked {{ arguments }}

# Tests against rootcanal and Bumble; needs what ./test.sh installs.
interop *arguments:
    cargo test --package bindrune-interop --locked {{ arguments }}

# Tests the firmware of examples/cortex-m on QEMU's Cortex-M4, against Bumble and against itself; needs what ./test.sh installs.
qemu *arguments:
    cargo test --package bindrune-interop --locked --test qemu {{ arguments }} -- --nocapture

# Runs `just interop` with 1 MiB for every pair of MPS and SDU; its log belongs in docs/reliability.md. For one pair of hosts:
# `just interop-full --test own_both`.
interop-full *arguments:
    BINDRUNE_INTEROP=full cargo test --package bindrune-interop --release --locked {{ arguments }} \
        channels_carry -- --nocapture

# Runs three links over rootcanal for this many minutes, while one Bumble peer after another is killed, frozen and out of range.
soak minutes="120":
    BINDRUNE_SOAK={{ minutes }} cargo test --package bindrune-interop --release --locked --test soak -- --nocapture

# Runs a whole host for this many random steps, from a seed: packets, calls, dropped futures, time and faults.
fuzz-host steps seed="0":
    cargo run --quiet --locked --profile fuzz --package bindrune-hostile --bin fuzz-host -- {{ steps }} {{ seed }}

# Runs the decoder of captures on this many changed inputs of its corpus, from a seed.
fuzz-trace executions="1000000" seed="0":
    cargo run --quiet --locked --profile fuzz --package bindrune-trace --example fuzz-trace -- {{ executions }} {{ seed }}

bench-program := "--quiet --locked --manifest-path tools/bench/Cargo.toml --target-dir target/bench --package bindrune-bench"

# Counts instructions of both hosts for each operation, beside trouble-host; with `--docs` into docs/performance.md. Needs valgrind.
bench *arguments:
    cargo run {{ bench-program }} -- instructions {{ arguments }}

# Measures flash, RAM and stack of five images for a Cortex-M4, beside trouble-host; with `--docs` into docs/memory.md. Needs Debian's
# toolchain, like no-std.
size *arguments:
    cargo run {{ bench-program }} -- size {{ arguments }}

# Measures what each capability adds to an image for a Cortex-M4; with `--docs` into docs/memory.md. Takes several minutes.
size-capabilities *arguments:
    cargo run {{ bench-program }} -- capabilities {{ arguments }}

# Measures goodput in virtual time, as a share of what the link and a serial line allow; with `--docs` into docs/performance.md.
goodput *arguments:
    cargo run {{ bench-program }} -- goodput {{ arguments }}

# Checks operations and images against tools/bench/budget.toml, and links against their share of the bound.
budget-check:
    cargo test {{ bench-program }} --package bindrune-bench-goodput
    cargo run {{ bench-program }} -- check

# Accepts the current cost of operations and images.
budget:
    cargo run {{ bench-program }} -- accept

# Runs the tour on the built-in virtual controller.
demo:
    cargo run --release --locked --package bindrune-cli -- demo

# Runs all jobs of continuous integration.
ci: house check capabilities msrv docs book no-std boards budget-check demo test interop
