import { isModelError } from '@tokenunify/model';
import { ConfigError, readConfig, USAGE, type Config } from './config.ts';
import { DirectoryInUse } from './lock.ts';
import { isApiProblem } from './problem.ts';
import { startServer, type RunningServer } from './server.ts';

/** `npm start`: the API until SIGTERM or Ctrl-C. */
async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2), process.env);
  if (config === 'help') return console.log(USAGE);
  const { graceMs, ...options } = config;
  const server = await startServer({
    ...options,
    logJob: ({ segmentation, error }) => console.error(segmentation, error),
    log: ({ method, path, status, ms, requestId, error }) => {
      console.log(`${method} ${path} ${status} ${ms.toFixed(0)} ms ${requestId}`);
      if (error !== undefined)
        console.error(requestId, isApiProblem(error) ? (error.options.cause ?? error) : error);
    },
  });
  announce(server, config);
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    // Whoever asks twice does not want to wait.
    if (stopping) process.exit(1);
    stopping = true;
    console.log(`${signal}: finishing what runs, at most ${graceMs / 1000} s. Once more to stop at once.`);
    server.close({ graceMs }).then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function announce({ url, model, access, notices }: RunningServer, { data }: Config): void {
  console.log(
    [
      `TokenUnify API on ${url}`,
      `  model     ${model.name} ${model.version} ${model.digest}`,
      `  contract  ${url}/openapi.json`,
      `  data      ${data}`,
      `  access    ${access}`,
      ...notices.map((notice) => `  note      ${notice}`),
    ].join('\n'),
  );
}

function fail(error: unknown): never {
  const busy = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  if (busy) console.error(`${error.message}; choose another with --port or PORT.`);
  else if (
    error instanceof ConfigError ||
    error instanceof DirectoryInUse ||
    isModelError(error) ||
    isApiProblem(error)
  )
    console.error(error.message);
  else console.error(error);
  process.exit(1);
}

main().catch(fail);
