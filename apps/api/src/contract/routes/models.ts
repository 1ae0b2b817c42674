import { createRoute, z } from '@hono/zod-openapi';
import {
  aliasChangeRequestSchema,
  comparisonListQuerySchema,
  comparisonListSchema,
  deploymentChangeSchema,
  deploymentSchema,
  modelFileParam,
  modelListQuerySchema,
  modelListSchema,
  modelParam,
  modelVersionSchema,
} from '../schemas/index.ts';
import { binary, created, empty, json, jsonRefused, keyed, problem, retryAfter } from './answers.ts';

export const PACKAGE_MEDIA_TYPE = 'application/zip';

const tags = ['models'];
const params = z.object({ model: modelParam });
const missing = { 404: problem(404, 'There is no such version') };

const loading = {
  500: problem(500, 'The version does not start; nothing has changed'),
  503: {
    ...problem(503, 'Starting or stopping; come back after Retry-After seconds'),
    headers: retryAfter(),
  },
  507: problem(507, 'No room to note it; nothing has changed'),
};

/** Not required: who rolls back in a hurry needs no more than the address. */
const aliasChange = { content: { 'application/json': { schema: aliasChangeRequestSchema } } };

export const listModelsRoute = createRoute({
  method: 'get',
  path: '/v1/models',
  operationId: 'listModels',
  tags,
  summary: 'Versions of models, newest first',
  request: { query: modelListQuerySchema },
  responses: {
    200: json(modelListSchema, 'One page.'),
    400: problem(400, 'A parameter is wrong'),
    ...keyed,
  },
});

export const uploadModelRoute = createRoute({
  method: 'post',
  path: '/v1/models',
  operationId: 'uploadModel',
  tags,
  summary: 'Upload a model package',
  description:
    'A zip of a package as `tokenunify export` writes it, its files at the top or in one folder. Digests are ' +
    'verified and the test tile is run before the version is there; nothing is left of a package that is refused. ' +
    'The same package again is the same version, and a retired one is ready again. An upload moves no alias.',
  request: { body: { required: true, content: { [PACKAGE_MEDIA_TYPE]: { schema: binary } } } },
  responses: {
    200: created(modelVersionSchema, 'There already.'),
    201: created(modelVersionSchema, 'Taken in.'),
    400: problem(400, 'No body, or one that broke off'),
    ...keyed,
    408: problem(408, 'The body stopped coming'),
    409: problem(409, 'The name and version belong to other bytes'),
    413: problem(413, 'Too large'),
    415: problem(415, 'Not a zip, or compressed by HTTP'),
    422: problem(422, 'Not a package that works'),
    429: {
      ...problem(429, 'Too many uploads at once; come back after Retry-After seconds'),
      headers: retryAfter(),
    },
    500: problem(500, 'The server failed; the same request may succeed'),
    503: loading[503],
    507: problem(507, 'No room; nothing of it was kept'),
  },
});

export const getModelRoute = createRoute({
  method: 'get',
  path: '/v1/models/{model}',
  operationId: 'getModel',
  tags,
  summary: 'What a version is',
  request: { params },
  responses: { 200: json(modelVersionSchema, 'The version.'), ...keyed, ...missing },
});

const fileHeaders = z.object({
  etag: z.string().openapi({ description: 'sha256 of the file, in quotes.' }),
  'x-request-id': z.string(),
});

export const getModelFileRoute = createRoute({
  method: 'get',
  path: '/v1/models/{model}/files/{file}',
  operationId: 'getModelFile',
  tags,
  summary: 'A file of a package',
  description: 'As `files` of the version names them. One byte range at a time. HEAD works too.',
  request: {
    params: z.object({ model: modelParam, file: modelFileParam }),
    headers: z.object({
      range: z.string().optional(),
      'if-range': z.string().optional(),
      'if-none-match': z.string().optional(),
    }),
  },
  responses: {
    200: {
      description: 'All of it.',
      headers: fileHeaders,
      content: { 'application/octet-stream': { schema: binary } },
    },
    206: {
      description: 'The range.',
      headers: fileHeaders.extend({ 'content-range': z.string() }),
      content: { 'application/octet-stream': { schema: binary } },
    },
    304: empty('Not changed.'),
    ...keyed,
    404: problem(404, 'No such version, or no such file in it'),
    416: problem(416, 'The range lies outside'),
  },
});

export const promoteModelRoute = createRoute({
  method: 'post',
  path: '/v1/models/{model}/promote',
  operationId: 'promoteModel',
  tags,
  summary: 'Make a version champion',
  description:
    'It is loaded and warm before the alias moves; requests that came before are answered by the champion before it. ' +
    'A version that is champion already is answered with 200, whatever is expected, and nothing changes: by its ' +
    'digest a request whose answer was lost can be sent again.',
  request: { params, body: aliasChange },
  responses: {
    200: json(deploymentSchema, 'It is champion.'),
    ...jsonRefused,
    ...keyed,
    ...missing,
    409: problem(409, 'The version is retired, or the champion is not the expected one; nothing has changed'),
    ...loading,
  },
});

export const challengeModelRoute = createRoute({
  method: 'post',
  path: '/v1/models/{model}/challenge',
  operationId: 'challengeModel',
  tags,
  summary: 'Make a version challenger',
  description:
    'It takes the place of the challenger before it, and its share of shadow runs; the share of the canary is 0 again. ' +
    'Challenging it again changes nothing.',
  request: { params, body: aliasChange },
  responses: {
    200: json(deploymentSchema, 'It is challenger.'),
    ...jsonRefused,
    ...keyed,
    ...missing,
    409: problem(409, 'The version is retired or champion, or the champion is not the expected one'),
    ...loading,
  },
});

export const retireModelRoute = createRoute({
  method: 'post',
  path: '/v1/models/{model}/retire',
  operationId: 'retireModel',
  tags,
  summary: 'Take a version out of use',
  description:
    'It takes no new work; its files stay until it is deleted. Again changes nothing; uploading the package again ' +
    'makes it ready.',
  request: { params },
  responses: {
    200: json(modelVersionSchema, 'Retired.'),
    ...keyed,
    ...missing,
    409: problem(409, 'It has an alias, or a job that has not finished needs it'),
    507: loading[507],
  },
});

export const deleteModelRoute = createRoute({
  method: 'delete',
  path: '/v1/models/{model}',
  operationId: 'deleteModel',
  tags,
  summary: 'Delete the files of a retired version',
  description: 'Its record stays, so that results can be told from one another. Again changes nothing.',
  request: { params },
  responses: {
    204: empty('Deleted.'),
    ...keyed,
    ...missing,
    409: problem(409, 'It is not retired'),
    507: loading[507],
  },
});

export const getDeploymentRoute = createRoute({
  method: 'get',
  path: '/v1/deployment',
  operationId: 'getDeployment',
  tags,
  summary: 'Which version does what, and how that came',
  responses: { 200: json(deploymentSchema, 'The deployment.'), ...keyed },
});

export const changeDeploymentRoute = createRoute({
  method: 'patch',
  path: '/v1/deployment',
  operationId: 'changeDeployment',
  tags,
  summary: 'Shares of canary and shadow, or no challenger any more',
  request: { body: { required: true, content: { 'application/json': { schema: deploymentChangeSchema } } } },
  responses: {
    200: json(deploymentSchema, 'Changed.'),
    ...jsonRefused,
    ...keyed,
    ...loading,
  },
});

export const rollBackRoute = createRoute({
  method: 'post',
  path: '/v1/deployment/rollback',
  operationId: 'rollBack',
  tags,
  summary: 'Make the champion before this one champion again',
  description:
    'The version that is rolled back keeps no alias. `expected` names it: a roll back from it that was the last ' +
    'change of the champion is answered with 200, and nothing changes, so that a request whose answer was lost can ' +
    'be sent again. Without `expected` every request goes one champion further back.',
  request: { body: aliasChange },
  responses: {
    200: json(deploymentSchema, 'Rolled back.'),
    ...jsonRefused,
    ...keyed,
    409: problem(
      409,
      'There was no champion before, or the champion is not the expected one; nothing has changed',
    ),
    ...loading,
  },
});

export const listComparisonsRoute = createRoute({
  method: 'get',
  path: '/v1/deployment/comparisons',
  operationId: 'listComparisons',
  tags,
  summary: 'Shadow runs and how far both versions agree, newest first',
  request: { query: comparisonListQuerySchema },
  responses: {
    200: json(comparisonListSchema, 'One page.'),
    400: problem(400, 'A parameter is wrong'),
    ...keyed,
  },
});
