import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../testing.fixture.ts';
import { outcomes, type NightReport } from '../types.ts';
import { reportSchema, writeReport } from './index.ts';
import { challenger, champion, reportOf } from './report.fixture.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

async function written(report: NightReport, night = 'nights/2026-11-24-1') {
  const { json, html } = await writeReport(directory.join(night), report);
  return { json: await readFile(json, 'utf8'), html: await readFile(html, 'utf8') };
}

/** Text of a page, without markup. */
const textOf = (html: string): string =>
  html
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replace(/\s+/g, ' ');

describe('the report of a night', () => {
  it.each(outcomes)('that ended as %s says how and why, and stands alone', async (outcome) => {
    const report = reportOf(outcome);
    const { html, json } = await written(report);
    const text = textOf(html);
    expect(text).toContain(report.reason.replaceAll(' -> ', ' → '));
    expect(text).toContain('What to do next');
    expect(text).not.toMatch(/undefined(?!,)|NaN|\[object|null/);
    // nothing is fetched, nothing runs
    expect(html).not.toMatch(/<script|<link|<iframe|\son\w+=|url\((?!#)|@import|src="(?!data:)|href=/i);
    expect(html).toContain("default-src 'none'");
    const file = reportSchema.parse(JSON.parse(json));
    expect(file).toMatchObject({ format: 1, outcome, reason: report.reason, exitCode: report.exitCode });
  });

  it('with a comparison has the gate, plots, neurons with pictures and the way back', async () => {
    const { html } = await written(reportOf('promoted'));
    const text = textOf(html);
    expect(html.match(/<svg/g)).toHaveLength(2);
    expect(html.match(/<img\s+src="data:image\/png;base64,/g)).toHaveLength(2);
    expect(text).toContain('✓ passed');
    expect(text).toContain("curl -X POST 'http://127.0.0.1:8787/v1/deployment/rollback'");
    expect(text).toContain(`{"expected":"${challenger.digest}","reason":"by hand after night 2026-11-24-1"}`);
    expect(text).toContain('change #1');
  });

  it('that was kept says which metric missed, and how to promote against the gate', async () => {
    const text = textOf((await written(reportOf('kept'))).html);
    expect(text).toContain('✕ missed');
    expect(text).toContain(`/v1/models/${challenger.digest}/promote`);
    expect(text).toContain(`{"expected":"${champion.digest}"`);
    expect(text).not.toContain('Not reached');
  });

  it('that did not get far says what was not reached', async () => {
    expect(textOf((await written(reportOf('failed'))).html)).toMatch(
      /No step was finished.*Not reached: read, champion, train/,
    );
    expect(textOf((await written(reportOf('deadline'))).html)).toContain('npx tokenunify retrain --config');
  });

  it('whose smoke test is still owed says so, and not that the champion serves as before', async () => {
    const report = reportOf('rolled-back');
    const steps = report.steps.filter(({ step }) => !['smoke', 'roll-back'].includes(step));
    const { smoke: _, ...owing } = { ...report, steps, outcome: 'failed' as const, resumable: true };
    const text = textOf((await written(owing)).html);
    expect(text).toContain('A promotion was done and not tested yet.');
    expect(text).not.toContain('the champion serves as before');
  });

  it('reads back as it was written, without pictures', async () => {
    const report = reportOf('rolled-back');
    const { json } = await written(report);
    const { comparison, ...rest } = report;
    const worst = comparison!.worst.map(({ picture: _, ...neuron }) => neuron);
    expect(reportSchema.parse(JSON.parse(json))).toEqual({
      format: 1,
      ...rest,
      comparison: { ...comparison, worst },
    });
    expect(json).not.toContain('iVBOR');
  });

  it('has the same bytes when it is written again, whatever was plotted before', async () => {
    const run = directory.join('nights/2026-11-24-1/run');
    await mkdir(run, { recursive: true });
    await writeFile(
      `${run}/log.jsonl`,
      '{"step":1,"losses":{"total":0.5}}\n{"step":2,"losses":{"total":0.4}}\n',
    );
    const once = await written(reportOf('promoted'));
    expect(once.html).toContain('clip-path="url(#loss-');
    await written(reportOf('kept'), 'nights/2026-11-25-1');
    expect(await written(reportOf('promoted'))).toEqual(once);
  });

  it('that is none is refused before a file is touched', async () => {
    const broken = { ...reportOf('kept'), outcome: 'splendid' } as unknown as NightReport; // a program's mistake
    await expect(written(broken)).rejects.toThrow('outcome');
    await expect(readFile(directory.join('nights/2026-11-24-1/report.html'))).rejects.toThrow('ENOENT');
  });
});

describe('what comes from outside', () => {
  const hostile = `"><img src=x onerror="alert(1)">'</style></title><script>alert(2)</script>&\u0000\u202e`;

  it('never becomes markup', async () => {
    const report = reportOf('promoted');
    const model = { digest: hostile, name: hostile, version: hostile };
    const entry = {
      ...report.annotations.train[0]!,
      raw: hostile,
      labels: hostile,
      sha256: hostile,
      key: hostile,
    };
    const { comparison } = report;
    const { html } = await written({
      ...report,
      ...{ night: hostile, reason: hostile, software: hostile, server: hostile, notes: [hostile] },
      ...{ champion: model, challenger: model, serving: model },
      annotations: { train: [entry], heldOut: [entry], fresh: [hostile] },
      training: { ...report.training, engine: hostile as 'cpu' }, // as a file may say
      comparison: {
        ...comparison!,
        boxes: comparison!.boxes.map((box) => ({ ...box, source: hostile })),
        worst: comparison!.worst.map((neuron) => ({ ...neuron, source: hostile })),
      },
      smoke: { ...report.smoke!, reason: hostile },
      steps: report.steps.map((step) => ({ ...step, summary: hostile })),
    });
    expect(html).not.toMatch(/<script|<img(?!\s+src="data:)/);
    expect([...html].filter((character) => '\u0000\u202e'.includes(character))).toEqual([]);
    expect(html.match(/<\/style>/g)).toHaveLength(1);
    expect(html.match(/<\/title>/g)).toHaveLength(1 + 2); // the page's, and each plot's
    // no quote of it ends an attribute
    for (const [tag] of html.matchAll(/<(?!svg|path|g|text|rect|defs|clipPath)[a-z][^<>]*>/g))
      expect(tag.replace(/[\w-]+="[^"]*"/g, '')).toMatch(/^<[a-z0-9]+\s*\/?>$/);
  });

  it('is one word of a shell command', async () => {
    const report = { ...reportOf('promoted'), server: "http://x'; rm -rf ~; '" };
    expect(textOf((await written(report)).html)).toContain(
      `curl -X POST 'http://x'\\''; rm -rf ~; '\\''/v1/deployment/rollback'`,
    );
  });

  it('keeps what a URL hides', async () => {
    const report = reportOf('kept');
    const raw = 'https://user:secret@host/raw.zarr?token=secret';
    const secret = { ...report.annotations.heldOut[0]!, raw };
    const { json, html } = await written({
      ...report,
      server: 'https://key:secret@host/',
      annotations: { ...report.annotations, heldOut: [secret] },
      comparison: {
        ...report.comparison!,
        boxes: report.comparison!.boxes.map((box) => ({ ...box, source: raw })),
        worst: report.comparison!.worst.map((neuron) => ({ ...neuron, source: raw })),
      },
    });
    expect(json + html).not.toContain('secret');
    expect(html).toContain('https://host/raw.zarr');
  });

  it('may be no picture', async () => {
    const report = reportOf('kept');
    const [first, ...others] = report.comparison!.worst;
    const worst = [{ ...first!, picture: '"><script>alert(1)</script>' }, ...others];
    const broken = written({ ...report, comparison: { ...report.comparison!, worst } });
    expect((await broken).html).not.toContain('<script');
  });
});

describe('what lies beside the report', () => {
  it('the log of the training is plotted, whatever its last line is', async () => {
    const run = directory.join('nights/2026-11-24-1/run');
    await mkdir(run, { recursive: true });
    const line = (step: number, total: number) => JSON.stringify({ kind: 'step', step, losses: { total } });
    // step 2 was done again after an interruption
    const log = [
      line(1, 0.9),
      line(2, 99),
      line(2, 0.5),
      'null',
      '{"step":3,"losses":{}}',
      line(3, 0.4),
      '{"ste',
    ];
    await writeFile(`${run}/log.jsonl`, log.join('\n'));
    const { html } = await written(reportOf('kept'));
    expect(html.match(/<svg/g)).toHaveLength(3);
    expect(textOf(html)).toContain('Loss of each of 3 steps');
    expect(html).not.toContain('>100<'); // no axis up to 99
  });

  it('earlier nights are its history: 30 with this one, in order; later ones and what is no report are not', async () => {
    for (let day = 1; day <= 31; day++)
      await written({ ...reportOf('kept'), night: `2026-10-${day}-1` }, `nights/2026-10-${day}-1`);
    await written({ ...reportOf('failed'), night: '2026-11-24-9' }, 'nights/2026-11-24-9');
    await written({ ...reportOf('failed'), night: '2026-11-24-11' }, 'nights/2026-11-24-11');
    await mkdir(directory.join('nights/2026-11-23-1'));
    await writeFile(directory.join('nights/2026-11-23-1/report.json'), '{"format": 2}');
    const { html } = await written(
      { ...reportOf('promoted'), night: '2026-11-24-10' },
      'nights/2026-11-24-10',
    );
    expect(html.match(/<svg/g)).toHaveLength(3);
    const text = textOf(html);
    expect(text).toContain('The last 30 nights');
    const nights = [...html.matchAll(/<th scope="row">(2026-[\d-]+)<\/th>/g)].map(([, night]) => night);
    expect(nights.slice(0, 4)).toEqual(['2026-11-24-10', '2026-11-24-9', '2026-10-31-1', '2026-10-30-1']);
    expect(nights).toHaveLength(30);
  });
});
