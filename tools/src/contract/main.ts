import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { generateContract, staleFiles, writeContract } from './contract.ts';

/** `npm run contract` writes openapi.json and the client's types; with `-- --check` it fails when they differ. */
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const generated = await generateContract();
const stale = await staleFiles(generated);
const names = stale.map((path) => relative(process.cwd(), path)).join(', ');
if (stale.length === 0) {
  console.log('The contract is up to date.');
} else if (values.check) {
  console.error(`${names} differ from the routes; run \`npm run contract\` and commit what it writes.`);
  process.exitCode = 1;
} else {
  await writeContract(generated);
  console.log(`Wrote ${names}.`);
}
