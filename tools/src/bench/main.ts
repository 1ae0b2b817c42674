/** `npm run bench` lists the benchmarks; `npm run bench -- NAME [--json FILE] [--model DIR]` runs one. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { BUNDLED_MODEL } from '../bundled-model.ts';
import { ToolsError } from '../errors.ts';
import { benchmarks } from './registry.ts';
import { findBenchmark, formatReport, runBenchmark } from './run.ts';

async function main(args: string[]): Promise<void> {
  const { name, json, model } = options(args);
  if (name === undefined) {
    const width = Math.max(...benchmarks.map((benchmark) => benchmark.name.length));
    for (const benchmark of benchmarks) console.log(`${benchmark.name.padEnd(width)}  ${benchmark.summary}`);
    console.log('\nRun one with `npm run bench -- NAME [--json FILE] [--model DIR]`.');
    return;
  }
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort(new Error('interrupted')));
  const benchmark = findBenchmark(benchmarks, name);
  const report = await runBenchmark(benchmark, {
    signal: controller.signal,
    model,
    report: (line) => console.log(line),
  });
  console.log(formatReport(report));
  if (json !== undefined) await writeFile(json, `${JSON.stringify(report, null, 2)}\n`);
}

function options(args: string[]): { name: string | undefined; json: string | undefined; model: string } {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: 'string' }, model: { type: 'string' } },
    });
    return { name: positionals[0], json: values.json, model: values.model ?? BUNDLED_MODEL };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ToolsError(
      'tools/bad-option',
      `${reason} Use \`npm run bench -- NAME [--json FILE] [--model DIR]\`.`,
      {
        cause,
      },
    );
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof ToolsError ? error.message : error);
  process.exitCode = 1;
});
