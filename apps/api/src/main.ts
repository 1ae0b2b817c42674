import { isModelError } from '@tokenunify/model';
import { ConfigError, readConfig, USAGE, type Config } from './config.ts';
import { isApiProblem } from './problem.ts';
import { startServer } from './server.ts';

/** `npm start`: the API until SIGTERM or Ctrl-C. */
async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2), process.env);
  if (config === 'help') return console.log(USAGE);
  const { graceMs, ...options } = config;
  const server = await startServer({
    ...options,
    log: ({ method, path, status, ms, requestId, error }) => {
      console.log(`${method} ${path} ${status} ${ms.toFixed(0)} ms ${requestId}`);
      if (error !== undefined)
        console.error(requestId, isApiProblem(error) ? (error.options.cause ?? error) : error);
    },
  });
  announce(server.url, config, `${server.model.name} ${server.model.version} ${server.model.digest}`);
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

function announce(url: string, { host }: Config, model: string): void {
  console.log(`TokenUnify API on ${url}\n  model     ${model}\n  contract  ${url}/openapi.json`);
  if (host !== '127.0.0.1' && host !== '::1' && host !== 'localhost') {
    console.warn(
      `Anyone who reaches ${host} can use it: there are no keys yet. Put it behind something that has.`,
    );
  }
}

function fail(error: unknown): never {
  const busy = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  if (busy) console.error(`${error.message}; choose another with --port or PORT.`);
  else if (error instanceof ConfigError || isModelError(error)) console.error(error.message);
  else console.error(error);
  process.exit(1);
}

main().catch(fail);
