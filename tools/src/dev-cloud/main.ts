/** `npm run dev:cloud`: the Worker and a container behind it, until Ctrl-C. */
import { DevCloudError } from './errors.ts';
import { readOptions, USAGE } from './options.ts';
import { startDevCloud, type DevCloud } from './start.ts';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') return console.log(USAGE);
  const interrupt = new AbortController();
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        interrupt.abort(new DevCloudError('Stopped.'));
        resolve();
      });
    }
  });
  let cloud: DevCloud | undefined;
  try {
    cloud = await startDevCloud(options, { onLine: (line) => console.log(line), signal: interrupt.signal });
    console.log(announcement(cloud, options.data));
    await Promise.race([interrupted, cloud.failed]);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
  } finally {
    await cloud?.stop();
  }
  console.log('Stopped; nothing is left running.');
}

const announcement = ({ url, containerUrl }: DevCloud, data: string): string => `
TokenUnify behind a Worker, on this machine alone
  API        ${url}                 volumes in a local bucket; no key is asked for
  contract   ${url}/openapi.json
  health     ${url}/healthz
  container  ${containerUrl}        for the Worker, which has its key
  state      ${data}
Ctrl-C stops both.
`;

main().catch((error: unknown) => {
  console.error(error instanceof DevCloudError ? error.message : error);
  process.exitCode = 1;
});
