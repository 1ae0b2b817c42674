import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApiDocument } from '@tokenunify/api';
import { describe, expect, it } from 'vitest';
import { generateContract, staleFiles, writeContract } from './contract.ts';
import { specificationErrors } from './validate.ts';

describe('the contract', () => {
  it('is committed as the routes say; otherwise run `npm run contract`', async () => {
    expect(await staleFiles(await generateContract())).toEqual([]);
  });

  it('is found to be stale when a file differs or is missing, and not once it is written', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'contract-'));
    const generated = [{ path: join(dir, 'deep', 'openapi.json'), content: 'new' }];
    expect(await staleFiles(generated)).toEqual([generated[0]?.path]);
    await writeContract([{ path: join(dir, 'deep', 'openapi.json'), content: 'old' }]);
    expect(await staleFiles(generated)).toEqual([generated[0]?.path]);
    await writeContract(generated);
    expect(await staleFiles(generated)).toEqual([]);
    await rm(dir, { recursive: true });
  });

  it('is OpenAPI 3.1: the validator finds nothing in it, and something in a document that is not', async () => {
    const document = openApiDocument();
    expect(document.openapi).toBe('3.1.0');
    expect(await specificationErrors(JSON.stringify(document))).toEqual([]);
    const { info: _, ...broken } = document;
    expect(await specificationErrors(JSON.stringify(broken))).toEqual([expect.stringContaining('`info`')]);
  });

  it('describes every operation with an id, and its every failure as problem details', () => {
    const { paths = {} } = openApiDocument();
    for (const [path, item] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(item)) {
        const { operationId, responses } = operation as {
          operationId?: string;
          responses: Record<string, object>;
        };
        expect(operationId, `${method} ${path}`).toBeTruthy();
        for (const [status, response] of Object.entries(responses)) {
          expect(response, `${path} ${status}`).toHaveProperty(['headers', 'x-request-id']);
          if (Number(status) >= 400) expect(response).toHaveProperty(['content', 'application/problem+json']);
        }
      }
    }
  });
});
