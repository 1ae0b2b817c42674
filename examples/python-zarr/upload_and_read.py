"""Uploads a small volume to a stored volume of the API with zarr-python, seals it, reads it back and compares.

    python upload_and_read.py http://127.0.0.1:8787
"""

import asyncio
import os
import sys
from urllib.parse import urljoin

import numpy as np
import requests
import zarr
from zarr.abc.store import OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest


class VolumeStore(Store):
    """A Zarr store of one stored volume: a value at a key is one PUT, or one GET with a range."""

    supports_writes = True
    supports_deletes = True
    supports_listing = False

    def __init__(self, url, session, read_only=False):
        super().__init__(read_only=read_only)
        self.url = url
        self.session = session

    def __eq__(self, other):
        return isinstance(other, VolumeStore) and other.url == self.url

    def with_read_only(self, read_only=False):
        return VolumeStore(self.url, self.session, read_only)

    async def _call(self, method, key, **options):
        # requests blocks, and zarr asks for many chunks at once
        return await asyncio.to_thread(self.session.request, method, f"{self.url}/{key}", timeout=60, **options)

    async def get(self, key, prototype, byte_range=None):
        headers = {} if byte_range is None else {"Range": range_of(byte_range)}
        response = await self._call("GET", key, headers=headers)
        if response.status_code == 404:  # not there: a chunk that holds the fill value
            return None
        check(response)
        return prototype.buffer.from_bytes(response.content)

    async def get_partial_values(self, prototype, key_ranges):
        return await asyncio.gather(*(self.get(key, prototype, byte_range) for key, byte_range in key_ranges))

    async def exists(self, key):
        response = await self._call("HEAD", key)
        return response.status_code == 200

    async def set(self, key, value):
        check(await self._call("PUT", key, data=value.to_bytes()))

    async def set_if_not_exists(self, key, value):
        response = await self._call("PUT", key, data=value.to_bytes(), headers={"If-None-Match": "*"})
        if response.status_code != 412:  # someone else wrote it first
            check(response)

    async def delete(self, key):
        check(await self._call("DELETE", key))

    def list(self):
        raise NotImplementedError("Stored volumes do not list their keys; open arrays by their path.")

    def list_prefix(self, prefix):
        return self.list()

    def list_dir(self, prefix):
        return self.list()


def range_of(request):
    match request:
        case RangeByteRequest(start, end):
            return f"bytes={start}-{end - 1}"
        case OffsetByteRequest(offset):
            return f"bytes={offset}-"
        case SuffixByteRequest(suffix):
            return f"bytes=-{suffix}"


def check(response):
    """What the server refuses, it says why in one sentence."""
    if not response.ok:
        problem = response.json()
        raise RuntimeError(f"{response.request.method} {response.url}: {problem['code']}: {problem['detail']}")
    return response


def main(server):
    session = requests.Session()
    if key := os.environ.get("TOKENUNIFY_API_KEY"):
        session.headers["Authorization"] = f"Bearer {key}"

    # 1. A place for the volume. Its url is the root of a Zarr hierarchy.
    volume = check(session.post(urljoin(server, "/v1/volumes"), json={"name": "zarr-python example"})).json()
    url = urljoin(server, volume["url"])
    print(f"made     {url}")

    # 2. Write it as any Zarr array: sections, rows, columns; sharded, so that one PUT carries many chunks.
    # write_empty_chunks: what is left out as fill value would be missing when the volume is sealed.
    data = np.random.default_rng(1).integers(0, 255, (32, 64, 64), dtype="uint8")
    data[:16, :32, :32] = 0
    array = zarr.create_array(
        VolumeStore(url, session),
        shape=data.shape,
        dtype=data.dtype,
        shards=(16, 32, 32),
        chunks=(8, 16, 16),
        config={"write_empty_chunks": True},
    )
    array[:] = data

    # 3. Sealed, it can be segmented and never changes; a chunk that was lost on the way is noticed here.
    sealed = check(session.post(f"{url}/seal", json={})).json()
    stored = sealed["arrays"][0]
    print(f"{sealed['state']}   {stored['chunks']} of {stored['chunksOfGrid']} chunks, {sealed['bytes']} bytes")

    # 4. Read it back, whole and in part.
    again = zarr.open_array(VolumeStore(url, session, read_only=True), mode="r")
    same = np.array_equal(again[:], data) and np.array_equal(again[20, 10:50, 7], data[20, 10:50, 7])
    print(f"read     {' x '.join(map(str, again.shape))}, {'identical' if same else 'DIFFERENT'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8787"))
