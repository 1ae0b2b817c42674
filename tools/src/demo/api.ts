import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from '@tokenunify/api';
import { createClient, type ApiClient } from '@tokenunify/api/client';
import { ToolsError } from '../errors.ts';

/** The API, up, and a client that talks to it. */
export interface DemoApi {
  readonly url: string;
  readonly client: ApiClient;
  /** For people: name and version. */
  readonly model: string;
  close(): Promise<void>;
}

/**
 * Starts the API with a model on a free port of this machine.
 *
 * @throws ToolsError 'tools/demo-unavailable' when there is no model; ModelError when it cannot be read or run
 */
export async function startApi(model: string): Promise<DemoApi> {
  if (!existsSync(join(model, 'rdf.yaml'))) {
    throw new ToolsError(
      'tools/demo-unavailable',
      `There is no model package at ${model}; make one with \`npx tokenunify export\`, or name one with --model DIR.`,
    );
  }
  const server = await startServer({ model });
  return {
    url: server.url,
    client: createClient(server.url),
    model: `${server.model.name} ${server.model.version}`,
    // by then every answer is in: what still runs was given up by Ctrl-C
    close: () => server.close({ graceMs: 0 }),
  };
}
