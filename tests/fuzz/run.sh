#!/bin/sh
# run.sh - fuzz one unit: run.sh UNIT SECONDS. Prints a line with the runs and the coverage reached;
# what is found goes to build/fuzz. Fails on a finding.
set -eu
cd "$(dirname "$0")/../.."
unit=$1
seconds=$2
found=build/fuzz/found/$unit
log=build/fuzz/$unit.log
# What is found goes to the first folder, so that the checkout stays as it is.
mkdir -p "$found" "tests/fuzz/corpus/$unit"
set -- -max_total_time="$seconds" -timeout=20 -artifact_prefix="build/fuzz/crash-$unit-"
[ ! -e "tests/fuzz/$unit.dict" ] || set -- "$@" -dict="tests/fuzz/$unit.dict"
if ! "build/fuzz/tests/fuzz_$unit" "$@" "$found" "tests/fuzz/corpus/$unit" >"$log" 2>&1; then
  tail -n 40 "$log"
  echo "fuzz $unit: FAILED (see $log, build/fuzz/crash-$unit-*)"
  exit 1
fi
# "#123 DONE cov: 45 ft: 67 corp: …"
line='^#\([0-9]*\)[[:space:]]*DONE *cov: \([0-9]*\) ft: \([0-9]*\).*'
sed -n "s/$line/fuzz $unit: \1 runs, \2 edges, \3 features/p" "$log"
