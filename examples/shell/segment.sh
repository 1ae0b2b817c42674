#!/bin/sh
# Segments a volume over HTTP with nothing but a shell and curl, in both ways that the API has.
#
#     segment.sh SERVER VOLUME.npy PATH OUT
#
# SERVER      http://127.0.0.1:8787
# VOLUME.npy  a small volume on this machine: uint8, axes (z, y, x)
# PATH        a volume on the server's machine, below a directory that it was started with as --data-root
# OUT         directory for the results
#
# A server that asks for a key gets it from the variable TOKENUNIFY_API_KEY.
set -eu
server=${1%/} volume=$2 path=$3 out=$4
mkdir -p "$out"

# Headers come from a file: what is on a command line can be read by everybody on the machine (ps).
headers=$(umask 077 && mktemp)
trap 'rm -f "$headers"' EXIT
[ -z "${TOKENUNIFY_API_KEY:-}" ] || echo "Authorization: Bearer $TOKENUNIFY_API_KEY" > "$headers"

# --fail-with-body: an answer that is not success ends the script, and shows the server's sentence about it.
# --retry: 408, 429 and 5xx are tried again, after as many seconds as the server's Retry-After says.
request() {
  curl --silent --show-error --fail-with-body --retry 5 --retry-connrefused -H "@$headers" "$@"
}

# Takes a field of text, or a number, out of a JSON answer (on one line, each of these names once in it).
field() {
  sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"
}

echo "1. A small volume: the labels are the answer"

# The body is the npy file; so is the answer: uint32, the same shape, 0 is background.
# -D keeps the headers of the answer, which say what made the labels and how many there are.
request -X POST -H 'Content-Type: application/x-npy' --data-binary "@$volume" \
  -D "$out/segment.headers" -o "$out/labels.npy" "$server/v1/segment?threshold=0.5"
grep -i '^tokenunify-' "$out/segment.headers" | tr -d '\r' | sed 's/^/   /'

echo "2. A volume of any size: a job"

# The Idempotency-Key makes it safe to send this again when the answer was lost: the same key is the same job.
# Take something that names the work, not the attempt; here the path and what is wanted of it.
key=$(printf '%s' "$path threshold=0.5" | cksum | tr ' ' '-')
job=$(request -X POST -H 'Content-Type: application/json' -H "Idempotency-Key: $key" \
  -d "{\"input\":{\"path\":\"$path\"},\"postprocessing\":{\"threshold\":0.5}}" "$server/v1/segmentations")
id=$(echo "$job" | field id)
echo "   job       $id"

# Polling: a job is queued, running, and then succeeded, failed or canceled. Its progress is a share of 1.
# (GET /v1/segmentations/ID/events is a stream of server-sent events instead, for programs that show progress.)
while :; do
  job=$(request "$server/v1/segmentations/$id")
  state=$(echo "$job" | field state)
  case $state in queued | running) sleep 1 ;; *) break ;; esac
done
echo "   state     $state"
if [ "$state" != succeeded ]; then
  # `error` says why; POST .../resume goes on with what is finished of it.
  echo "$job" >&2
  exit 1
fi
labels=$(echo "$job" | field volume)
echo "   labels    $(echo "$job" | field labelCount), in the stored volume $labels"

echo "3. The labels, chunk by chunk"

# A stored volume is a Zarr array over HTTP: any Zarr library opens $server/v1/volumes/ID. By hand, zarr.json says what
# it is (shape, dtype, chunk shape, codecs), and c/Z/Y/X is one chunk, compressed as zarr.json says.
request -o "$out/zarr.json" "$server/v1/volumes/$labels/zarr.json"
request -o "$out/chunk-0-0-0" "$server/v1/volumes/$labels/c/0/0/0"
echo "   chunk     c/0/0/0, $(wc -c < "$out/chunk-0-0-0" | tr -d ' ') bytes"

# Deleting the job deletes its labels; a stored volume that was uploaded for it is deleted on its own.
request -X DELETE "$server/v1/segmentations/$id"
echo "   deleted   $id"
