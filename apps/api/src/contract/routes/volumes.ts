import { createRoute, z } from '@hono/zod-openapi';
import {
  newVolumeSchema,
  sealSchema,
  volumeIdParam,
  volumeListQuerySchema,
  volumeListSchema,
  volumeSchema,
} from '../schemas/index.ts';
import { binary, created, empty, json, jsonRefused, keyed, problem, retryAfter } from './answers.ts';

const tags = ['volumes'];
const params = z.object({ id: volumeIdParam });
const missing = { 404: problem(404, 'There is no such volume') };

export const createVolumeRoute = createRoute({
  method: 'post',
  path: '/v1/volumes',
  operationId: 'createVolume',
  tags,
  summary: 'Make a place for a volume',
  description:
    'The answer has the root of a Zarr hierarchy. Any Zarr client writes metadata and chunks there with PUT and ' +
    'reads them with GET; when all is written, seal it.',
  request: { body: { required: true, content: { 'application/json': { schema: newVolumeSchema } } } },
  responses: {
    201: created(volumeSchema, 'Made, and open for writing.'),
    ...jsonRefused,
    ...keyed,
    507: problem(507, 'No room'),
  },
});

export const listVolumesRoute = createRoute({
  method: 'get',
  path: '/v1/volumes',
  operationId: 'listVolumes',
  tags,
  summary: 'Stored volumes, newest first',
  request: { query: volumeListQuerySchema },
  responses: {
    200: json(volumeListSchema, 'One page.'),
    400: problem(400, 'A parameter is wrong'),
    ...keyed,
  },
});

export const getVolumeRoute = createRoute({
  method: 'get',
  path: '/v1/volumes/{id}',
  operationId: 'getVolume',
  tags,
  summary: 'What a volume is, and how much of it is there',
  request: { params },
  responses: { 200: json(volumeSchema, 'The volume.'), ...keyed, ...missing },
});

export const sealVolumeRoute = createRoute({
  method: 'post',
  path: '/v1/volumes/{id}/seal',
  operationId: 'sealVolume',
  tags,
  summary: 'Say that a volume is complete',
  description:
    'Chunks are counted; when one is missing, the volume stays open and the answer names some that are. Sealing ' +
    'again changes nothing.',
  request: { params, body: { required: true, content: { 'application/json': { schema: sealSchema } } } },
  responses: {
    200: json(volumeSchema, 'Sealed: it can be segmented, and never changes.'),
    ...jsonRefused,
    ...keyed,
    ...missing,
    409: problem(409, 'Chunks are missing'),
    422: problem(422, 'The metadata is no Zarr metadata'),
    507: problem(507, 'No room to note it'),
  },
});

export const deleteVolumeRoute = createRoute({
  method: 'delete',
  path: '/v1/volumes/{id}',
  operationId: 'deleteVolume',
  tags,
  summary: 'Delete a volume and all it holds',
  request: { params },
  responses: {
    204: empty('Deleted.'),
    ...keyed,
    ...missing,
    409: problem(409, 'A job that has not finished reads it, or its job owns it'),
    507: problem(507, 'No room to note it; it is deleted when the server starts again'),
  },
});

const keyParams = z.object({
  id: volumeIdParam,
  key: z.string().openapi({
    param: { name: 'key', in: 'path', allowReserved: true },
    description: 'A key of the hierarchy, slashes and all.',
    example: 'c/0/0/0',
  }),
});

const etag = z.object({ etag: z.string(), 'x-request-id': z.string() });

/** Keys hold slashes, which a path parameter of OpenAPI cannot; `declareRoutes` mounts them with a pattern. */
const KEY_PATH = '/v1/volumes/{id}/{key}';

export const putKeyRoute = createRoute({
  method: 'put',
  path: KEY_PATH,
  operationId: 'putKey',
  tags,
  summary: 'Write metadata or a chunk',
  description:
    'The value appears whole or not at all. Of two writers of one key the later wins; with `If-None-Match: *` or ' +
    '`If-Match` the one that comes second is refused instead.',
  request: {
    params: keyParams,
    headers: z.object({ 'if-none-match': z.string().optional(), 'if-match': z.string().optional() }),
    body: { required: true, content: { 'application/octet-stream': { schema: binary } } },
  },
  responses: {
    201: { ...empty('Written.'), headers: etag },
    204: { ...empty('Written over an older value.'), headers: etag },
    400: problem(400, 'Not a key, or an incomplete body'),
    ...keyed,
    ...missing,
    408: problem(408, 'The body stopped coming'),
    409: problem(409, 'The volume is sealed'),
    412: problem(412, 'Someone else wrote it first'),
    413: problem(413, 'Too large'),
    415: problem(415, 'Compressed by HTTP'),
    422: problem(422, 'The metadata is no Zarr metadata'),
    429: {
      ...problem(429, 'Too many uploads at once; come back after Retry-After seconds'),
      headers: retryAfter(),
    },
    507: problem(507, 'No room; nothing of it was kept'),
  },
});

export const getKeyRoute = createRoute({
  method: 'get',
  path: KEY_PATH,
  operationId: 'getKey',
  tags,
  summary: 'Read metadata or a chunk',
  description:
    'One byte range at a time, also from the end (`bytes=-1024`), as readers of shards ask. HEAD works too.',
  request: {
    params: keyParams,
    headers: z.object({
      range: z.string().optional(),
      'if-range': z.string().optional(),
      'if-none-match': z.string().optional(),
    }),
  },
  responses: {
    200: {
      description: 'All of it.',
      headers: etag,
      content: { 'application/octet-stream': { schema: binary } },
    },
    206: {
      description: 'The range.',
      headers: etag.extend({ 'content-range': z.string() }),
      content: { 'application/octet-stream': { schema: binary } },
    },
    304: empty('Not changed.'),
    400: problem(400, 'Not a key'),
    ...keyed,
    404: problem(404, 'No such volume, or nothing at the key: a chunk that holds only the fill value'),
    416: problem(416, 'The range lies outside'),
  },
});

export const deleteKeyRoute = createRoute({
  method: 'delete',
  path: KEY_PATH,
  operationId: 'deleteKey',
  tags,
  summary: 'Delete metadata or a chunk of an open volume',
  request: { params: keyParams },
  responses: {
    204: empty('Not there any more.'),
    400: problem(400, 'Not a key'),
    ...keyed,
    ...missing,
    409: problem(409, 'The volume is sealed'),
  },
});
