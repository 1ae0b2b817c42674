import { startServer } from '@tokenunify/api';
import { createClient, type ApiClient } from '@tokenunify/api/client';
import { requireModel } from '../bundled-model.ts';

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
 * @throws ToolsError 'tools/no-model' when there is no model; ModelError when it cannot be read or run
 */
export async function startApi(model: string): Promise<DemoApi> {
  requireModel(model);
  const server = await startServer({ model });
  return {
    url: server.url,
    client: createClient(server.url),
    model: `${server.model.name} ${server.model.version}`,
    // by then every answer is in: what still runs was given up by Ctrl-C
    close: () => server.close({ graceMs: 0 }),
  };
}
