import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readModelPackage } from '@tokenunify/model';
import { expect, it } from 'vitest';

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface Score {
  readonly name: string;
  readonly voi: number;
  readonly adaptedRand: number | null;
}

/** The table of the README, from what `evaluate --report` wrote into the bundled model. */
function table(scores: readonly Score[]): string {
  const rows = scores.map(({ name, voi, adaptedRand }, index) => {
    const [left, right] = index === 0 ? ['**', '**'] : ['', ''];
    const error = adaptedRand === null ? '-' : adaptedRand.toFixed(3);
    return `| ${left}${index === 0 ? 'TokenUnify nano' : name}${right} | ${left}${voi.toFixed(3)}${right} | ${left}${error}${right} |`;
  });
  return rows.join('\n');
}

it('the scores in the README are those of the bundled model', async () => {
  const { metrics } = await readModelPackage(fromHere('../../../models/default'));
  const { report } = metrics as { report: { scores: readonly Score[] } }; // written by `tokenunify export --report`
  const readme = await readFile(fromHere('../../../README.md'), 'utf8');
  // prettier pads the columns: compared cell by cell
  const cells = (text: string) => text.split('\n').map((row) => row.split('|').map((cell) => cell.trim()));
  const block = readme.split('<!-- scores:begin -->')[1]?.split('<!-- scores:end -->')[0] ?? '';
  const shown = cells(block).filter((row) => row.length > 3);
  expect(shown.slice(2)).toEqual(cells(table(report.scores)));
});
