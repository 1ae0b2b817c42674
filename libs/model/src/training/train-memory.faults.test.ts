import { expect, it } from 'vitest';
import { openEngine } from '../engines/engine.ts';
import { loops } from './train-memory.fixture.ts';

it.each(['pretraining', 'fine-tuning'] as const)(
  'the tensors of %s are as many after thirty steps as after two',
  async (loop) => {
    const counts = await loops[loop](await openEngine('cpu'), 30);
    expect(counts).toHaveLength(30);
    // the first step makes moments and the network's constants
    expect([...new Set(counts.slice(1))]).toHaveLength(1);
  },
);
