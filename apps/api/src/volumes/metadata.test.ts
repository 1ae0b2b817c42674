import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrayOf, requestsTo, serveVolumes, type VolumeServer } from './testing.fixture.ts';

let server: VolumeServer;
const { send, post, put, openWith } = requestsTo(() => server);
beforeAll(async () => void (server = await serveVolumes()));
afterAll(() => server.close());

describe('metadata', () => {
  it.each([
    ['no JSON', 'zarr.json', 'hello', /not JSON/],
    ['not UTF-8', 'zarr.json', new Uint8Array([0x22, 0xff, 0x22]), /not JSON in UTF-8/],
    ['a list', '.zattrs', '[]', /not a JSON object/],
    ['null', '.zgroup', 'null', /not a JSON object/],
    ['no version', 'zarr.json', '{}', /zarr_format/],
    ['chunks of nothing', 'zarr.json', arrayOf([4], [0]), /chunk_shape/],
    ['a shape below zero', 'raw/zarr.json', arrayOf([-4], [1]), /raw\/zarr.json has shape/],
    ['chunks without end', 'zarr.json', arrayOf([2 ** 50, 2 ** 50], [1, 1]), /more than the limit/],
    ['no array of v2', '.zarray', '{"zarr_format":2}', /\.zarray/],
  ])('that is %s is refused, and nothing of it is kept', async (_, key, body, message) => {
    const { url } = await server.create();
    const answer = await put(`${url}/${key}`, body);
    expect(answer).toMatchObject({ status: 422, json: { code: 'metadata-invalid' } });
    expect(answer.json['detail']).toMatch(message);
    expect((await send('GET', `${url}/${key}`)).status).toBe(404);
  });

  const deep = (field: string) => {
    const nested = '['.repeat(200_000) + ']'.repeat(200_000);
    return arrayOf([4], [2]).replace(`"${field}":`, `"${field}":${nested},"was":`);
  };
  it.each(['node_type', 'data_type', 'shape', 'fill_value', 'chunk_grid', 'attributes'])(
    'whose %s is nested without end is no reason to fail',
    async (field) => {
      const { url } = await server.create();
      const { status } = await put(`${url}/zarr.json`, deep(field));
      expect(status).toBe(['fill_value', 'attributes'].includes(field) ? 201 : 422);
      expect((await send('GET', url)).status).toBe(200);
    },
  );

  it('that hides something large where chunks are described is refused', async () => {
    const { url } = await server.create();
    const grid = { name: 'regular', configuration: { chunk_shape: [2], note: 'x'.repeat(70_000) } };
    const answer = await put(`${url}/zarr.json`, arrayOf([4], [2], { chunk_grid: grid }));
    expect(answer).toMatchObject({ status: 422, json: { code: 'metadata-invalid' } });
    const nested = arrayOf([4], [2]).replace(
      '"chunk_shape":',
      `"note":${'['.repeat(9_000)}${']'.repeat(9_000)},"chunk_shape":`,
    );
    expect([201, 422]).toContain((await put(`${url}/zarr.json`, nested)).status);
  });

  it('of an array within an array is refused, and the volume stays as it was', async () => {
    const url = await openWith('c/0/0');
    const answer = await put(`${url}/inner/zarr.json`, arrayOf([4], [2]));
    expect(answer).toMatchObject({ status: 422, json: { code: 'metadata-invalid' } });
    expect((await send('GET', url)).json).toMatchObject({ arrays: [{ path: '', chunks: 1 }] });
  });

  it('of version 2 and of groups is taken', async () => {
    const { url } = await server.create();
    const zarray = {
      zarr_format: 2,
      shape: [4],
      chunks: [2],
      dtype: '|u1',
      compressor: null,
      fill_value: 0,
      order: 'C',
      filters: null,
    };
    for (const [key, body] of Object.entries({
      '.zgroup': { zarr_format: 2 },
      '.zattrs': { units: 'nm' },
      '.zmetadata': { zarr_consolidated_format: 1, metadata: {} },
      'raw/.zarray': zarray,
    })) {
      expect((await put(`${url}/${key}`, JSON.stringify(body))).status).toBe(201);
    }
    await put(`${url}/raw/0`, 'ab');
    await put(`${url}/raw/1`, 'ab');
    const sealed = await post(`${url}/seal`, {});
    expect(sealed.json).toMatchObject({
      state: 'sealed',
      arrays: [{ path: 'raw', chunks: 2, chunksOfGrid: 2 }],
    });
  });
});
