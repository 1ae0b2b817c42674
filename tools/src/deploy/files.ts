/** The files with which a scheduler starts a night. All of them start the same command. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../../', import.meta.url));

export const schedulerFiles = {
  workflow: '.github/workflows/nightly.yml',
  cronJob: 'deploy/kubernetes/nightly.yaml',
  service: 'deploy/systemd/tokenunify-nightly.service',
  timer: 'deploy/systemd/tokenunify-nightly.timer',
  dockerfile: 'deploy/Dockerfile',
  gpuDockerfile: 'deploy/Dockerfile.gpu',
  config: 'deploy/nightly.example.json',
} as const;

export type SchedulerTexts = Readonly<Record<keyof typeof schedulerFiles, string>>;

export const readRepositoryFile = (path: string): string => readFileSync(`${repository}${path}`, 'utf8');

export function readSchedulerFiles(): SchedulerTexts {
  const entries = Object.entries(schedulerFiles).map(([name, path]) => [name, readRepositoryFile(path)]);
  return Object.fromEntries(entries) as Record<keyof typeof schedulerFiles, string>; // the same keys
}

/** Scripts of the root package.json. */
export function npmScripts(): ReadonlySet<string> {
  const { scripts } = JSON.parse(readRepositoryFile('package.json')) as { scripts: object };
  return new Set(Object.keys(scripts));
}
