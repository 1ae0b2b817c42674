import { z } from 'zod';
import { commandProblems, scriptProblems } from './expected.ts';

interface Instruction {
  readonly name: string;
  readonly value: string;
}

/** Instructions in order; continued lines joined, comments left out. */
export function parseDockerfile(text: string): readonly Instruction[] {
  return text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name, value] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new Error(`'${line}' is no instruction`);
      return { name, value: value.replace(/\s+/g, ' ').trim() };
    });
}

export function imageCommand(text: string): readonly string[] {
  const last = parseDockerfile(text).findLast(({ name }) => name === 'CMD')?.value ?? '[]';
  return z.array(z.string()).parse(JSON.parse(last));
}

const known = ['FROM', 'RUN', 'WORKDIR', 'COPY', 'ENV', 'USER', 'CMD'];

/** What is wrong with the image's recipe, a sentence each. `image` is what the CronJob names. */
export function dockerfileProblems(
  text: string,
  { scripts, image }: { scripts: ReadonlySet<string>; image: string },
): string[] {
  let instructions: readonly Instruction[];
  try {
    instructions = parseDockerfile(text);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  const runs = instructions.filter(({ name }) => name === 'RUN').map(({ value }) => value);
  const at = (name: string, pattern: RegExp) =>
    instructions.findIndex((instruction) => instruction.name === name && pattern.test(instruction.value));
  const [copied, installed, built] = [
    at('COPY', /^\. \.$/),
    at('RUN', /^npm ci\b/),
    at('RUN', /setup:tensorflow/),
  ];
  const user = instructions.findLast(({ name }) => name === 'USER')?.value;
  return [
    ...instructions.filter(({ name }) => !known.includes(name)).map(({ name }) => `${name} is not expected`),
    ...(at('FROM', /^node:22(\.\d+)*-bookworm$/) === 0 ? [] : ['must begin with FROM node:22-bookworm']),
    ...(copied >= 0 && copied < installed && installed < built
      ? []
      : ['must copy the sources, then `npm ci`, then `npm run setup:tensorflow`']),
    ...(user === undefined || /^(root|0)\b/.test(user) ? ['must not run as root: name a USER'] : []),
    ...(at('ENV', /^PATH=\/app\/node_modules\/\.bin:/) > 0
      ? []
      : ['must put /app/node_modules/.bin first in PATH']),
    ...scriptProblems(runs.join('\n'), scripts),
    ...commandProblems(imageCommand(text)),
    ...(text.includes(`-t ${image} `) ? [] : [`does not say how to build ${image}, which the CronJob names`]),
  ];
}
