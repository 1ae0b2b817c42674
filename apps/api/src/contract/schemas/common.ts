import { z } from '@hono/zod-openapi';
import { PROBLEM_CODES } from '../problems.ts';

export const triple = <T extends z.ZodType>(of: T) => z.tuple([of, of, of]);

export const problemSchema = z
  .object({
    type: z.string().openapi({ example: 'urn:tokenunify:problem:unsupported-dtype' }),
    title: z.string(),
    status: z.int(),
    code: z.enum(PROBLEM_CODES),
    detail: z.string().openapi({ description: 'One sentence: what is wrong, the limit, and what to do.' }),
    requestId: z.string(),
    field: z.string().optional().openapi({ description: 'The parameter, header or part of the body.' }),
    value: z.unknown().optional().openapi({ description: 'What was sent.' }),
    limit: z.unknown().optional().openapi({ description: 'What would have been right.' }),
  })
  .openapi('Problem', { description: 'RFC 9457 problem details.' });

/** `text` of a query as a whole number; an empty text is none, where JavaScript would say 0. */
export const wholeOfQuery = (least: number, most: number) =>
  z.preprocess(
    (text) => (typeof text === 'string' && text.trim() === '' ? NaN : text),
    z.coerce.number().int().min(least).max(most).optional(),
  );

/** Lists are cut into pages; `next` is the cursor of the following one, absent on the last. */
export const pageQuery = {
  limit: wholeOfQuery(1, 1000).openapi({
    param: { name: 'limit', in: 'query' },
    description: 'Entries of one page, 1 to 1000, default 100.',
  }),
  cursor: z
    .string()
    .max(200)
    .optional()
    .openapi({ param: { name: 'cursor', in: 'query' }, description: '`next` of the page before.' }),
};

export const SCORING = /^(mean|max|hist[1-9]\d?)$/;

export const timestamp = z.iso.datetime().openapi({ example: '2026-11-24T12:00:00.000Z' });
