import { describe, expect, it } from 'vitest';
import { recordingTerminal } from '../testing.fixture.ts';
import { createReporter, drain } from './reporter.ts';

function reporter(kind: 'terminal' | 'lines' | 'json') {
  const { terminal, said } = recordingTerminal(kind === 'terminal');
  return { said, ...createReporter({ json: kind === 'json', terminal }) };
}

describe('progress on a terminal', () => {
  it('is one line that rewrites itself, with rate and time left, and ends with the stage', () => {
    const { progress, said } = reporter('terminal');
    progress({ stage: 'tiles', done: 0, total: 40 });
    said.now = 2000;
    progress({ stage: 'tiles', done: 10, total: 40 });
    said.now = 8000;
    progress({ stage: 'tiles', done: 40, total: 40 });
    said.now = 8100;
    progress({ stage: 'graph', done: 0, total: 1 });
    expect(said.error.split('\r\x1b[K')).toEqual([
      '',
      'tiles       0/40  0s',
      'tiles      10/40  5.00/s  6s left',
      'tiles      40/40  5.00/s  8s\n',
      'graph      0/1  0s',
    ]);
  });

  it('counts the rate from where a resumed run went on', () => {
    const { progress, said } = reporter('terminal');
    progress({ stage: 'pretrain', done: 901, total: 1000 });
    said.now = 5000;
    progress({ stage: 'pretrain', done: 911, total: 1000, detail: 'total 0.1234' });
    expect(said.error.split('\r\x1b[K').at(-1)).toBe('pretrain    911/1000  2.00/s  45s left  total 0.1234');
  });

  it('starts anew when the same stage does', () => {
    const { progress, said } = reporter('terminal');
    progress({ stage: 'tiles', done: 0, total: 4 });
    said.now = 60_000;
    progress({ stage: 'tiles', done: 4, total: 4 });
    progress({ stage: 'tiles', done: 0, total: 4 });
    said.now = 61_000;
    progress({ stage: 'tiles', done: 2, total: 4 });
    expect(said.error.split('\r\x1b[K').at(-1)).toBe('tiles      2/4  2.00/s  1s left');
  });

  it('says minutes and hours as such, and large rates without a fraction', () => {
    const { progress, said } = reporter('terminal');
    const last = () => said.error.split('\r\x1b[K').at(-1);
    progress({ stage: 'pretrain', done: 0, total: 100_000 });
    said.now = 100_000;
    progress({ stage: 'pretrain', done: 1000, total: 100_000 });
    expect(last()).toBe('pretrain     1000/100000  10/s  2h45 left');
    said.now = 199_000;
    progress({ stage: 'pretrain', done: 99_000, total: 100_000 });
    said.now = 265_000;
    progress({ stage: 'pretrain', done: 100_000, total: 100_000 });
    expect(last()).toBe('pretrain   100000/100000  377/s  4m25\n');
  });

  it('leaves out what comes too fast to read, but never the end', () => {
    const { progress, said } = reporter('terminal');
    for (let done = 0; done <= 1000; done++) progress({ stage: 'tiles', done, total: 1000 });
    expect(said.error.split('\r\x1b[K').slice(1)).toEqual([
      'tiles         0/1000  0s',
      'tiles      1000/1000  0s\n',
    ]);
  });

  it('gives notes and results lines of their own', () => {
    const { progress, note, result, said } = reporter('terminal');
    progress({ stage: 'tiles', done: 0, total: 4 });
    note('A note.');
    progress({ stage: 'tiles', done: 1, total: 4 });
    said.now = 500;
    progress({ stage: 'tiles', done: 2, total: 4 });
    result('All done.', { labels: 3 });
    expect(said.error).toBe('\r\x1b[Ktiles      0/4  0s\nA note.\n\r\x1b[Ktiles      2/4  4.00/s  1s left\n');
    expect(said.out).toBe('All done.\n');
  });
});

describe('progress elsewhere', () => {
  it('is a line every other second, and one at the end of a stage', () => {
    const { progress, result, said } = reporter('lines');
    for (let done = 1; done <= 6; done++) {
      progress({ stage: 'pretrain', done, total: 6, detail: `total ${done}` });
      said.now += 999;
    }
    result('pretrain: 6 steps', {});
    expect(said.error.split('\n')).toEqual([
      'pretrain   1/6  0s  total 1',
      'pretrain   4/6  1.00/s  2s left  total 4',
      'pretrain   6/6  1.00/s  5s  total 6',
      '',
    ]);
    expect(said.out).toBe('pretrain: 6 steps\n');
  });
});

describe('progress with --json', () => {
  it('is every event as a line on stdout, and nothing on stderr', () => {
    const { progress, note, result, said } = reporter('json');
    progress({ stage: 'pretrain', done: 1, total: 2, detail: 'x', data: { losses: { total: 0.5 } } });
    progress({ stage: 'pretrain', done: 2, total: 2 });
    note('A note.');
    note('read: 3 entries.', { step: 'read' });
    result('For people.', { steps: 2 });
    expect(said.error).toBe('');
    expect(
      said.out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { kind: 'progress', stage: 'pretrain', done: 1, total: 2, losses: { total: 0.5 } },
      { kind: 'progress', stage: 'pretrain', done: 2, total: 2 },
      { kind: 'note', text: 'A note.' },
      { kind: 'note', text: 'read: 3 entries.', step: 'read' },
      { kind: 'result', steps: 2 },
    ]);
  });
});

it('steps are drained to their result, and reported on the way', async () => {
  async function* steps() {
    yield { stage: 'tiles', done: 1, total: 2, unit: 'tiles' };
    yield { stage: 'tiles', done: 2, total: 2, unit: 'tiles' };
    return 'labels';
  }
  const { said, ...rest } = reporter('json');
  expect(await drain(steps(), rest)).toBe('labels');
  expect(said.out.split('\n').length - 1).toBe(2);
});
