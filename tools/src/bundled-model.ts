import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ToolsError } from './errors.ts';

/** Directory of the model package that comes with the repository. */
export const BUNDLED_MODEL = fileURLToPath(new URL('../../models/default', import.meta.url));

/** @throws ToolsError 'tools/no-model' when a directory holds no model package, in a sentence with the remedy */
export function requireModel(model: string): void {
  if (existsSync(join(model, 'rdf.yaml'))) return;
  throw new ToolsError(
    'tools/no-model',
    `There is no model package at ${model}; make one with \`npx tokenunify export\`, or name one with --model DIR.`,
  );
}
