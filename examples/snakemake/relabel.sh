#!/bin/sh
# Agglomerates the result of `tokenunify segment --json --keep` again, and prints the finished job, which names its labels.
#
#     relabel.sh SERVER segment.json THRESHOLD
set -eu
server=${1%/} result=$2 threshold=$3

headers=$(umask 077 && mktemp)
trap 'rm -f "$headers"' EXIT
[ -z "${TOKENUNIFY_API_KEY:-}" ] || echo "Authorization: Bearer $TOKENUNIFY_API_KEY" > "$headers"
request() {
  curl --silent --show-error --fail-with-body --retry 5 --retry-connrefused -H "@$headers" "$@"
}
field() {
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}

parent=$(field job < "$result")
# The same key is the same job: when Snakemake starts this again, nothing is made twice. `Prefer: wait` answers when the
# job has finished, or after a minute.
job=$(request -X POST -H 'Content-Type: application/json' -H "Idempotency-Key: $parent-$threshold" -H 'Prefer: wait=60' \
  -d "{\"threshold\":$threshold}" "$server/v1/segmentations/$parent/relabel")
id=$(echo "$job" | field id)
while :; do
  case $(echo "$job" | field state) in
    succeeded) break ;;
    queued | running) sleep 1 ;;
    *) echo "$job" >&2 && exit 1 ;;
  esac
  job=$(request "$server/v1/segmentations/$id")
done
echo "$job"
