/** `npm run demo`: the main job, end to end, on this machine, without a network. */
import { resolve } from 'node:path';
import { isApiError, ApiConnectionError } from '@tokenunify/api/client';
import { isModelError } from '@tokenunify/model';
import { isToolsError } from '../errors.ts';
import { startApi, type DemoApi } from './api.ts';
import { readOptions, USAGE } from './options.ts';
import { runDemo, type DemoResult } from './run.ts';
import { formatScores } from './score.ts';

const INTERRUPTED = 130;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') return console.log(USAGE);
  const start = performance.now();
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort(new Error('interrupted')));
  const step = (what: string): void =>
    console.log(`[${((performance.now() - start) / 1000).toFixed(1).padStart(5)} s] ${what}`);
  let api: DemoApi | undefined;
  try {
    step('starting the API');
    api = await startApi(options.model);
    step(`the API is up at ${api.url} with the model ${api.model}`);
    const result = await runDemo(options, api, { signal: interrupt.signal, step });
    step('done');
    console.log(conclusion(result));
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    console.error('Interrupted; nothing is left running.');
    process.exitCode = INTERRUPTED;
  } finally {
    await api?.close();
  }
}

function conclusion({ scores, labelCount, neurons, picture, arrays }: DemoResult): string {
  return `
${formatScores(scores)}

${labelCount} labels for ${neurons} neurons; 0 would be perfect in every column. The baseline is a threshold on brightness.

  picture   ${resolve(picture)}
${arrays.map((file) => `  array     ${resolve(file)}`).join('\n')}

Run it on your own volume:
  npm start
  curl --data-binary @${arrays[0]} -H 'content-type: application/x-npy' -o labels.npy http://127.0.0.1:8787/v1/segment
  what else it can do is described at http://127.0.0.1:8787/openapi.json`;
}

/** What is expected to go wrong says so in one sentence; anything else is a bug, and keeps its stack. */
function explain(error: unknown): unknown {
  const ours =
    isToolsError(error) || isModelError(error) || isApiError(error) || error instanceof ApiConnectionError;
  return ours ? `The demo failed: ${error.message}` : error;
}

main().catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
