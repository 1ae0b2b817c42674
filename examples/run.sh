#!/usr/bin/env bash
# Runs every example against a server of its own, with an API key and a data directory that go afterwards.
#
#     examples/run.sh                  those in Python are left out, and that is said, where Python 3.11 or its packages cannot be had
#     EXAMPLES_REQUIRE=all examples/run.sh       then that is a failure
#
# Python packages are kept in ${XDG_CACHE_HOME:-~/.cache}/tokenunify for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
export PATH="$root/node_modules/.bin:$PATH"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/tokenunify/examples
work=$(mktemp -d)
server_pid=
stop() {
  if [ -n "$server_pid" ]; then
    kill "$server_pid" 2> /dev/null || true
    wait "$server_pid" 2> /dev/null || true
  fi
  rm -rf "$work"
}
trap stop EXIT
# a signal ends this script, and the trap above what it started
trap 'exit 130' INT
trap 'exit 143' TERM

ran=() skipped=()
step() { printf '\n== %s\n' "$*"; }
skip() {
  echo "skipped: $2"
  skipped+=("$1 ($2)")
  [ "${EXAMPLES_REQUIRE:-}" != all ]
}

# Prints the python of a virtual environment with the packages of an example, or says on stderr why there is none.
python_for() {
  local requirements=$root/examples/$1/requirements.txt python=${PYTHON:-python3} home
  if ! "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
    echo "no Python 3.11 or newer with venv; set PYTHON" >&2
    return 1
  fi
  home=$cache/$1-$(cat "$requirements" <("$python" --version) | cksum | cut -d' ' -f1)
  if [ ! -e "$home/complete" ]; then
    rm -rf "$home"
    mkdir -p "$cache"
    if ! { "$python" -m venv "$home" && "$home/bin/pip" install --quiet --disable-pip-version-check --retries 1 -r "$requirements"; } > "$work/pip.log" 2>&1; then
      echo "its packages could not be installed: $(tail -n 1 "$work/pip.log")" >&2
      return 1
    fi
    touch "$home/complete"
  fi
  echo "$home/bin/python"
}

step "server"
mkdir -p "$work/volumes"
node examples/make-sample.js "$work/volumes/one.npy" 1
node examples/make-sample.js "$work/volumes/two.npy" 2
TOKENUNIFY_API_KEY=$(node --disable-warning=ExperimentalWarning apps/api/src/keys/main.ts create --name examples --all-scopes --data "$work/data" 2> /dev/null)
export TOKENUNIFY_API_KEY
node --disable-warning=ExperimentalWarning apps/api/src/main.ts --port 0 --data "$work/data" --data-root "$work/volumes" > "$work/server.log" 2>&1 &
server_pid=$!
server=
for _ in $(seq 300); do
  server=$(sed -n 's/^TokenUnify API on //p' "$work/server.log")
  [ -z "$server" ] || break
  kill -0 "$server_pid" 2> /dev/null || break
  sleep 0.2
done
if [ -z "$server" ]; then
  cat "$work/server.log" >&2
  echo "The server did not start." >&2
  exit 1
fi
echo "$server, with an API key"

step "shell"
examples/shell/segment.sh "$server" "$work/volumes/one.npy" "$work/volumes/one.npy" "$work/shell"
ran+=(shell)

step "zarrita"
node --disable-warning=ExperimentalWarning examples/zarrita/upload-and-read.ts "$server"
ran+=(zarrita)

step "python-zarr"
if python=$(python_for python-zarr 2> "$work/why"); then
  PYTHONWARNINGS=ignore "$python" examples/python-zarr/upload_and_read.py "$server"
  ran+=(python-zarr)
else
  skip python-zarr "$(cat "$work/why")"
fi

step "snakemake"
if python=$(python_for snakemake 2> "$work/why"); then
  cp -r examples/snakemake "$work/snakemake"
  cp -r "$work/volumes" "$work/snakemake/volumes"
  (
    cd "$work/snakemake"
    # Snakemake keeps what it knows of sources in the cache directory; here it has no business after the run
    export XDG_CACHE_HOME=$work/snakemake-cache
    if ! "$python" -m snakemake --cores 2 --quiet rules progress --config server="$server" \
      tokenunify="node $root/apps/trainer/bin/tokenunify.js" > "$work/snakemake.log" 2>&1; then
      cat "$work/snakemake.log" results/*/*.log >&2
      exit 1
    fi
    cat results/labels.tsv
    # four relabelled results, none of them empty
    [ "$(awk -F '\t' 'NR > 1 && $3 > 0' results/labels.tsv | wc -l)" -eq 4 ]
  )
  ran+=(snakemake)
else
  skip snakemake "$(cat "$work/why")"
fi

step "done"
echo "ran: ${ran[*]}"
for one in ${skipped[@]+"${skipped[@]}"}; do echo "SKIPPED: $one"; done
