# What people and CI type. Each target does the whole of its job, set-up included.

.PHONY: run test lint bench bench-browser gate gate-proof deny fuzz windows-check musl static-check

run: ## the main job on the embedded backend
	cargo run --release --locked -- run

test: ## all tests
	./test

lint: ## formatting, warnings, documentation
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

bench: ## what Taster and its live view cost, then Taster beside its peers; installs them. PEERS="--rounds 1"
	cargo bench --locked --bench engine
	cargo bench --locked --bench live
	cargo bench --locked --bench peers -- --install $(PEERS)

bench-browser: ## Taster beside Playwright on the same pages; installs Playwright's npm package. ROUNDS=5
	cargo bench --locked --bench browser -- --rounds $(or $(ROUNDS),5)

gate: ## Taster on its own scenarios, green without a fault and red with each
	./benches/gate-demo.sh

gate-proof: ## how often the gate errs: made-up runs, then recorded duets. DUETS=60
	cargo bench --locked --bench gate -- --verdict-time
	cargo bench --locked --bench gate
	cargo bench --locked --bench gate -- --real record --duets $(or $(DUETS),3) target/gate-recordings
	cargo bench --locked --bench gate -- --real replay target/gate-recordings --json target/gate-replay.json

deny: ## licences and advisories; installs cargo-deny when it is missing
	command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny --locked check

fuzz: ## half a million odd answers and documents through the parsers of the fast lane
	PROPTEST_CASES=500000 cargo test --locked --lib -- driver::fast driver::pick

windows-check: ## whether it compiles for Windows without a warning; installs a C compiler for it when it is missing
	command -v x86_64-w64-mingw32-gcc >/dev/null || $$([ "$$(id -u)" = 0 ] || echo sudo) apt-get install --yes --no-install-recommends gcc-mingw-w64-x86-64
	rustup target add x86_64-pc-windows-gnu
	RUSTFLAGS="-D warnings" cargo check --locked --target x86_64-pc-windows-gnu

# TARGET=aarch64-unknown-linux-musl on a machine of that kind; PROFILE=quick builds without link-time
# optimisation, in a few minutes, to see whether it builds.
TARGET ?= $(shell uname -m)-unknown-linux-musl
PROFILE ?= release
QUICK = --config 'profile.quick.inherits="release"' --config 'profile.quick.lto=false' --config 'profile.quick.codegen-units=16'

musl: ## one static program that runs on any Linux; installs musl-gcc when it is missing. PROFILE=quick
	command -v musl-gcc >/dev/null || $$([ "$$(id -u)" = 0 ] || echo sudo) apt-get install --yes --no-install-recommends musl-tools
	rustup target add $(TARGET)
	cargo build --locked --target $(TARGET) $(if $(filter quick,$(PROFILE)),$(QUICK)) --profile $(PROFILE) --bin taster
	$(MAKE) static-check PROGRAM=$${CARGO_TARGET_DIR:-target}/$(TARGET)/$(PROFILE)/taster

static-check: ## whether PROGRAM needs no library of the system, and runs
	@told=$$(ldd $(PROGRAM) 2>&1 || :); case "$$told" in *"statically linked"*|*"not a dynamic executable"*) ;; \
		*) echo "$(PROGRAM) is not static: $$told" >&2; exit 1 ;; esac
	$(PROGRAM) --version
