import { readFile, writeFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openApiDocument } from '@tokenunify/api';
import openapiTS, { astToString } from 'openapi-typescript';

/** A file that follows from the routes: what it must hold, and where it is committed. */
export interface Generated {
  readonly path: string;
  readonly content: string;
}

const api = (path: string): string => fileURLToPath(new URL(`../../../apps/api/${path}`, import.meta.url));

const BANNER = '/* Written by `npm run contract` from the routes of apps/api. Do not edit. */\n\n';

/** The OpenAPI document and the client's types. openapi-typescript also validates the document on the way. */
export async function generateContract(): Promise<Generated[]> {
  const document = openApiDocument();
  const json = `${JSON.stringify(document, null, 2)}\n`;
  // Through text: what is typed is the file, not the object that made it.
  const types = await openapiTS(json, { alphabetize: true });
  return [
    { path: api('openapi.json'), content: json },
    { path: api('src/client/generated/api.ts'), content: BANNER + astToString(types) },
  ];
}

/** Paths whose committed content is not what the routes say. */
export async function staleFiles(generated: readonly Generated[]): Promise<string[]> {
  const committed = await Promise.all(
    generated.map(({ path }) => readFile(path, 'utf8').catch(() => undefined)),
  );
  return generated.filter(({ content }, i) => content !== committed[i]).map(({ path }) => path);
}

export async function writeContract(generated: readonly Generated[]): Promise<void> {
  for (const { path, content } of generated) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}
