import { describe, expect, expectTypeOf, it } from 'vitest';
import { clientOf, job, json, problem } from './answers.fixture.ts';
import { isApiError, type SegmentationJob, type StoredVolume } from './index.ts';

const volume = (id: string): StoredVolume => ({
  id,
  state: 'open',
  url: `/v1/volumes/${id}`,
  createdAt: '2026-01-01T00:00:00.000Z',
  bytes: 0,
  arrays: [],
});

describe('stored volumes', () => {
  it('are made, sealed, looked at and deleted', async () => {
    const { api, asked } = clientOf([
      json(volume('vol_1'), 201),
      json(volume('vol_1')),
      json(volume('vol_1')),
      new Response(null, { status: 204 }),
    ]);
    expect((await api.createVolume({ name: 'raw' })).id).toBe('vol_1');
    await api.volume('vol_1');
    await api.sealVolume('vol_1', { chunks: 2 });
    await api.deleteVolume('vol_1');
    expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/v1/volumes', '{"name":"raw"}'],
      ['GET', '/v1/volumes/vol_1', ''],
      ['POST', '/v1/volumes/vol_1/seal', '{"chunks":2}'],
      ['DELETE', '/v1/volumes/vol_1', ''],
    ]);
    expect(api.volumeUrl('vol_1')).toBe('http://api.test/v1/volumes/vol_1');
  });

  it('say whether a chunk is there', async () => {
    const { api, asked } = clientOf([
      new Response(null, { status: 200 }),
      new Response(null, { status: 404 }),
      new Response(null, { status: 403 }),
    ]);
    expect(await api.hasKey('vol_1', 'c/0/1/2')).toBe(true);
    expect(await api.hasKey('vol_1', 'c/0/1/3')).toBe(false);
    await expect(api.hasKey('vol_1', 'c/0/1/4')).rejects.toMatchObject({ status: 403 });
    expect(asked.map(({ method, path }) => `${method} ${path}`)[0]).toBe('HEAD /v1/volumes/vol_1/c/0/1/2');
  });

  it('are listed page by page, and no further than is read', async () => {
    const { api, asked } = clientOf([
      json({ items: [volume('vol_3'), volume('vol_2')], next: 'vol_2' }),
      json({ items: [volume('vol_1')] }),
    ]);
    const ids: string[] = [];
    for await (const { id } of api.listVolumes({ limit: 2 })) {
      ids.push(id);
      if (ids.length === 2) expect(asked).toHaveLength(1);
    }
    expect(ids).toEqual(['vol_3', 'vol_2', 'vol_1']);
    expect(asked.map(({ path }) => path)).toEqual([
      '/v1/volumes?limit=2',
      '/v1/volumes?limit=2&cursor=vol_2',
    ]);
  });
});

describe('jobs', () => {
  it('are resumed, relabelled, listed by state and deleted', async () => {
    const { api, asked } = clientOf([
      json(job('queued'), 202),
      json(job('queued'), 202),
      json({ items: [job('failed')] }),
      new Response(null, { status: 204 }),
    ]);
    await api.resumeSegmentation('seg_1');
    await api.relabelSegmentation('seg_1', { threshold: 0.3 }, { idempotencyKey: 'mine' });
    const failed: SegmentationJob[] = [];
    for await (const entry of api.listSegmentations({ state: 'failed' })) failed.push(entry);
    await api.deleteSegmentation('seg_1');
    expect(failed).toEqual([job('failed')]);
    expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/v1/segmentations/seg_1/resume', ''],
      ['POST', '/v1/segmentations/seg_1/relabel', '{"threshold":0.3}'],
      ['GET', '/v1/segmentations?state=failed', ''],
      ['DELETE', '/v1/segmentations/seg_1', ''],
    ]);
    expect(asked[1]?.headers.get('idempotency-key')).toBe('mine');
  });

  it('that cannot be made say why', async () => {
    const { api } = clientOf([problem(409, 'volume-unsealed')]);
    const error: unknown = await api
      .createSegmentation({ input: { volume: 'vol_1' } })
      .catch((caught: unknown) => caught);
    expect(isApiError(error, 'volume-unsealed') && error.message).toBe('It is volume-unsealed.');
  });

  it('have the types of the contract', () => {
    expectTypeOf<SegmentationJob['box']['start']>().toEqualTypeOf<[number, number, number]>();
    const { api } = clientOf([]);
    // @ts-expect-error: a job has an input
    void (() => api.createSegmentation({ threshold: 1 }));
  });
});
