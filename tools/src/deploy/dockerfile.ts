import { z } from 'zod';
import { commandProblems, scriptProblems } from './expected.ts';
import { gpuImageProblems } from './gpu-image.ts';

export interface Instruction {
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

export interface ImageFacts {
  readonly scripts: ReadonlySet<string>;
  /** What the image is called where it is used. */
  readonly image: string;
  /** The image of the trainer for a GPU. */
  readonly gpu: boolean;
}

const known = ['FROM', 'RUN', 'WORKDIR', 'COPY', 'ENV', 'USER', 'CMD'];

/** What is wrong with an image's recipe, a sentence each. */
export function dockerfileProblems(text: string, { scripts, image, gpu }: ImageFacts): string[] {
  let instructions: readonly Instruction[];
  try {
    instructions = parseDockerfile(text);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  const expected = gpu ? [...known, 'ENTRYPOINT'] : known;
  const runs = instructions.filter(({ name }) => name === 'RUN').map(({ value }) => value);
  return [
    ...instructions
      .filter(({ name }) => !expected.includes(name))
      .map(({ name }) => `${name} is not expected`),
    ...orderProblems(instructions),
    ...userProblems(instructions),
    ...scriptProblems(runs.join('\n'), scripts),
    ...commandProblems(imageCommand(text)),
    ...(text.includes(`-t ${image} `) ? [] : [`does not say how to build ${image}, which the CronJob names`]),
    ...(gpu ? gpuImageProblems(instructions) : cpuProblems(runs)),
  ];
}

const at = (instructions: readonly Instruction[], name: string, pattern: RegExp) =>
  instructions.findIndex((instruction) => instruction.name === name && pattern.test(instruction.value));

function orderProblems(instructions: readonly Instruction[]): string[] {
  const [copied, installed, built] = [
    at(instructions, 'COPY', /^\. \.$/),
    at(instructions, 'RUN', /^npm ci\b/),
    at(instructions, 'RUN', /setup:tensorflow/),
  ];
  return [
    ...(at(instructions, 'FROM', /^node:22(\.\d+)*-bookworm$/) === 0
      ? []
      : ['must begin with FROM node:22-bookworm']),
    ...(copied >= 0 && copied < installed && installed < built
      ? []
      : ['must copy the sources, then `npm ci`, then `npm run setup:tensorflow`']),
    ...(at(instructions, 'ENV', /^PATH=\/app\/node_modules\/\.bin:/) > 0
      ? []
      : ['must put /app/node_modules/.bin first in PATH']),
  ];
}

function userProblems(instructions: readonly Instruction[]): string[] {
  const user = instructions.findLast(({ name }) => name === 'USER')?.value;
  return user === undefined || /^(root|0)\b/.test(user) ? ['must not run as root: name a USER'] : [];
}

const cpuProblems = (runs: readonly string[]): string[] =>
  runs.some((run) => /setup:tensorflow.*--gpu/.test(run))
    ? ['builds the engine for a GPU, which Dockerfile.gpu is for']
    : [];
