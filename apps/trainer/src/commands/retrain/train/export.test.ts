import { expect, it } from 'vitest';
import { brief } from './export.ts';

const settings = (count: number) => {
  const list = (name: string) => Array.from({ length: count }, (_, i) => `${name}-${i}`);
  return {
    ...{ command: 'retrain', steps: 7, raw: list('raw'), labels: list('labels') },
    ...{ box: list('box'), sha256: list('sha') },
  };
};

it('a package lists the annotations of a night, unless there are many', () => {
  expect(brief(settings(20))).toEqual(settings(20));
  const many = brief(settings(21));
  expect(many).toEqual({
    ...{ command: 'retrain', steps: 7, annotations: 21 },
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(brief(settings(22))['sha256']).not.toBe(many['sha256']);
});
