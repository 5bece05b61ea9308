#!/usr/bin/env bash
# Shows that the gate is green where nothing is wrong and red where something is: the project's
# own scenarios on the embedded backend, once as it is and once with each fault; a build beside
# itself and beside a slow one; and the browser suites, in all three engines as it is, and with each
# page broken on purpose in Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --quiet
taster=${CARGO_TARGET_DIR:-target}/release/taster
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
wrong=0

# run NAME EXIT WORDS ARGUMENTS...: the exit code, and words that its output must have.
run() {
  local name=$1 exit=$2 words=$3
  shift 3
  # Many tests at a time, because each of them waits for a slow backend.
  judged "$name" "$exit" "$words" run --workers 32 "$@"
}

# browse NAME EXIT WORDS ARGUMENTS...: the same for browser tests, one for each core at a time.
browse() {
  local name=$1 exit=$2 words=$3
  shift 3
  judged "$name" "$exit" "$words" test --workers 2 "$@"
}

judged() {
  local name=$1 exit=$2 words=$3 got=0
  shift 3
  "$taster" "$@" --out "$out/$name" >"$out/$name.txt" 2>"$out/$name.err" || got=$?
  if [[ $got -ne $exit ]]; then
    echo "$name: exit $got, expected $exit"; tail -n 20 "$out/$name.err" "$out/$name.txt"; wrong=1
  elif ! grep -qE "$words" "$out/$name.txt"; then
    echo "$name: does not say /$words/:"; head -n 20 "$out/$name.txt"; wrong=1
  else
    echo "$name: exit $exit, $(grep -m1 . "$out/$name.txt")"
  fi
}

run clean 0 'PASS' --no-baseline
run slow 1 'sign in|http_req_duration' --no-baseline --fault slow
run errors 1 '500|5xx' --no-baseline --fault errors=20%
run html 1 'HTML where JSON was expected' --no-baseline --fault html
run stall 1 'http_req_duration' --no-baseline --fault stall=2s/4s
# The performance gate of the pipeline, but shorter, of this build beside itself and a slow one.
serve="$taster demo --listen 127.0.0.1:{port}"
compare() {
  local name=$1 exit=$2 words=$3 candidate=$4
  judged "$name" "$exit" "$words" duet scenarios/shopping.yaml --profile load \
    --segment 20s --no-extension --margin-floor 20ms --inconclusive pass \
    --a-command "$serve" --b-command "$candidate" --ready /api/v1/health
}
# On a busy machine much of it is open; nothing of it is a regression.
compare beside-itself 0 'PASS|INCONCLUSIVE' "$serve"
compare beside-slow 1 'FAIL' "$serve --fault slow"
for engine in chromium firefox webkit; do
  browse "$engine" 0 'PASS' scenarios/browser --browser "$engine"
done
flawed() {
  local group=$1 flaw
  shift
  for flaw in "$@"; do
    browse "$flaw" 1 'FAIL' "scenarios/browser/$group.yaml" --browser chromium \
      --max-failures 1 --fault "$flaw"
  done
}
flawed auth page-label page-landing page-sign-out page-errors
flawed meals page-search page-delete page-conflict
flawed recommendations page-like page-allergies
flawed shopping page-total page-badge page-card
exit "$wrong"
