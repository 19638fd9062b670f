#!/bin/sh
# run.sh - the benchmark of whole servers: run.sh [OPTION]...
#   e.g. --servers moongate,nginx --workloads W1,W3 --rounds 5; --help lists them all
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${BENCH_OUT:-"$here/../../build/bench"}
mkdir -p "$out"
if [ "${1:-}" = swap ]; then # swaps of a large set under load: swap [OPTION]...
  shift
  BENCH_OUT=$out exec python3 "$here/swap/swap.py" "$@"
fi
llhttp=/usr/share/llhttp
gcc -O2 -w -I/usr/include -I/usr/share/include/llhttp -o "$out/limit" "$here/limit/limit.c" \
  "$llhttp/llhttp.c" "$llhttp/api.c" "$llhttp/http.c" -levent -levent_pthreads -llua5.4
export BENCH_OUT="$out"
exec python3 "$here/bench.py" "$@"
