import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { cronJobProblems, nightContainer } from './cron-job.ts';
import { dockerfileProblems, imageCommand } from './dockerfile.ts';
import { deadlineOf, finalExitCodes, nightCommand, nightExitCodes, stateDirectory } from './expected.ts';
import { gpuImageOf } from './gpu-image.ts';
import { npmScripts, readRepositoryFile, readSchedulerFiles, repository, schedulerFiles } from './files.ts';
import { mutations, type Checked } from './mutations.fixture.ts';
import { parseUnit } from './unit-parser.ts';
import { cronOf, minutes, serviceCommand, serviceProblems, timerProblems } from './unit.ts';
import { workflowCommand, workflowProblems } from './workflow.ts';

const texts = readSchedulerFiles();
const scripts = npmScripts();
const deadlineMinutes = deadlineOf(texts.config);
const { image } = nightContainer(texts.cronJob);
const serviceName = basename(schedulerFiles.service);

const checks = {
  workflow: (text: string) => workflowProblems(text, { deadlineMinutes, scripts }),
  cronJob: (text: string) => cronJobProblems(text, { deadlineMinutes }),
  service: (text: string) => serviceProblems(text, { deadlineMinutes }),
  timer: (text: string) => timerProblems(text, serviceName),
  dockerfile: (text: string) => dockerfileProblems(text, { scripts, image, gpu: false }),
  gpuDockerfile: (text: string) => dockerfileProblems(text, { scripts, image: gpuImageOf(image), gpu: true }),
} as const satisfies Record<Checked, (text: string) => string[]>;

describe('the files of the schedulers', () => {
  it.each(Object.keys(checks) as Checked[])('have nothing wrong: %s', (name) => {
    expect(checks[name](texts[name])).toEqual([]);
  });

  it('start one command', () => {
    for (const command of [
      workflowCommand(texts.workflow),
      nightContainer(texts.cronJob).command,
      serviceCommand(texts.service),
      imageCommand(texts.dockerfile),
      imageCommand(texts.gpuDockerfile),
    ])
      expect(command).toEqual(nightCommand);
  });

  it('start it at one time', () => {
    const workflow = parse(texts.workflow) as { on: { schedule: { cron: string }[] } };
    expect(workflow.on.schedule[0]!.cron).toBe(cronOf(texts.timer));
    expect(texts.cronJob).toContain(`schedule: '${cronOf(texts.timer)}'`);
  });

  it('have the exit codes of the program', () => {
    expect(nightExitCodes()).toEqual({
      ended: 0,
      failed: 1,
      wrong: 2,
      unreachable: 3,
      rolledBack: 4,
      deadline: 5,
      claimed: 6,
    });
    expect(finalExitCodes()).toEqual([1, 2, 4, 5, 6]);
  });

  it('make the places writable that the example of a configuration names', () => {
    const { directory, manifest } = JSON.parse(texts.config) as Record<string, string>;
    expect(directory).toBe(`${stateDirectory}/nightly`);
    expect(manifest).toMatch(new RegExp(`^${stateDirectory}/`));
  });

  it.each([schedulerFiles.dockerfile, schedulerFiles.gpuDockerfile])(
    'keep what the machine has out of %s',
    (file) => {
      const ignored = readRepositoryFile(`${file}.dockerignore`).trim().split('\n');
      expect(ignored).toEqual(
        expect.arrayContaining(['**/node_modules', '.git', '.tensorflow', '.tokenunify-data']),
      );
    },
  );
});

describe('the entry point of the image for a GPU', () => {
  /** Runs it with a program that ends as given: what came out, and what was run afterwards. */
  function entered(code: number) {
    const directory = mkdtempSync(join(tmpdir(), 'tokenunify-entry-'));
    try {
      const program = join(directory, 'tokenunify');
      writeFileSync(program, `#!/bin/sh\necho "$@"\nexit ${code}\n`, { mode: 0o755 });
      const entry = /^ENTRYPOINT (.*)$/m.exec(texts.gpuDockerfile)?.[1] ?? '';
      const [shell = '', ...rest] = z.array(z.string()).parse(JSON.parse(entry));
      const { status, stdout, stderr } = spawnSync(shell, [...rest, 'printf', '%s|', 'a b', '"c"'], {
        encoding: 'utf8',
        env: { PATH: `${directory}:${process.env['PATH'] ?? ''}` },
      });
      return { status, stdout, stderr };
    } finally {
      rmSync(directory, { recursive: true });
    }
  }

  it('asks for the GPU, aside from the output, and then runs what it is told', () => {
    expect(entered(0)).toEqual({
      status: 0,
      stdout: 'a b|"c"|',
      stderr: 'info --engine tensorflow --gpu\n',
    });
  });

  it('ends where there is none', () => {
    expect(entered(1)).toMatchObject({ status: 1, stdout: '' });
  });
});

describe('a night on a GPU', () => {
  const { image: forCpu } = nightContainer(texts.cronJob);
  const onGpu = texts.cronJob
    .replace(`image: ${forCpu}`, `image: ${gpuImageOf(forCpu)}`)
    .replace('memory: 16Gi\n', "memory: 16Gi\n                  nvidia.com/gpu: '1'\n");

  it('is the two changes that docs/how-to/train-on-a-gpu.md names', () => {
    expect(checks.cronJob(onGpu)).toEqual([]);
    expect(nightContainer(onGpu).resources.limits['nvidia.com/gpu']).toBe('1');
    const documented = readRepositoryFile('docs/how-to/train-on-a-gpu.md');
    for (const line of [`image: ${gpuImageOf(forCpu)}`, "nvidia.com/gpu: '1'"])
      expect(documented).toContain(line);
  });

  it('may name the runtime of its node', () => {
    const named = onGpu.replace(
      'restartPolicy: Never',
      'runtimeClassName: nvidia\n          restartPolicy: Never',
    );
    expect(checks.cronJob(named)).toEqual([]);
  });

  it.each([
    ['the image without the GPU', /nvidia.com\/gpu: '1'\n/, '\n', 'asks for no nvidia.com/gpu'],
    ['the GPU without the image', '0.1.0-gpu', '0.1.0', 'whose engine computes on the processor'],
    ['a part of a GPU', "nvidia.com/gpu: '1'", "nvidia.com/gpu: '0'", 'asks for no nvidia.com/gpu'],
  ])('is refused with %s', (_name, from, to, sentence) => {
    const broken = onGpu.replace(from, to);
    expect(broken).not.toBe(onGpu);
    expect(checks.cronJob(broken).join('\n')).toContain(sentence);
  });
});

describe('the program', () => {
  const run = (args: readonly string[]) =>
    spawnSync(process.execPath, [`${repository}apps/trainer/bin/tokenunify.js`, ...args], {
      encoding: 'utf8',
    });

  // never the real place: somebody's night might be configured there
  const nowhere = join(tmpdir(), 'no-such-directory', 'nightly.json');

  it('takes the command, and says which file it lacks', () => {
    const { status, stderr } = run([...nightCommand.slice(1, -1), nowhere]);
    expect(stderr).toContain(nowhere);
    expect(status).toBe(nightExitCodes()['wrong']);
  });

  it('refuses an option that it does not have', () => {
    const { status, stderr } = run(['retrain', '--config', nowhere, '--confg']);
    expect(stderr).toContain("unknown option '--confg'");
    expect(status).toBe(1);
  });
});

describe('refused is', () => {
  it.each(mutations)('%s: %s', (name, _what, from, to, sentence) => {
    const broken = texts[name].replace(from, () => to);
    expect(broken).not.toBe(texts[name]);
    expect(checks[name](broken).join('\n')).toContain(sentence);
  });
});

describe('unit files', () => {
  it('are read as systemd reads them', () => {
    const unit = parseUnit('; a\n[A]\nX = 1 \\\n  2\nX=\nX=3\n\n# b\n[B]\nY=a=b\n');
    expect(unit).toEqual({ A: { X: ['1  2', '', '3'] }, B: { Y: ['a=b'] } });
    expect(() => parseUnit('X=1')).toThrow('line 1 is neither');
    expect([minutes('5h 30min'), minutes('90s')]).toEqual([330, 1.5]);
  });

  const has = spawnSync('systemd-analyze', ['--version']).error === undefined;

  /** Where nothing is installed, the program is this repository's. */
  function verified(change: (text: string) => string): string {
    const directory = mkdtempSync(join(tmpdir(), 'tokenunify-units-'));
    try {
      const files = [schedulerFiles.service, schedulerFiles.timer].map((file) => {
        const at = join(directory, basename(file));
        const text = readRepositoryFile(file).replaceAll('/opt/tokenunify/', repository);
        writeFileSync(at, change(text).replaceAll('/opt/tokenunify', repository));
        return at;
      });
      const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', ...files], {
        encoding: 'utf8',
      });
      // it ends with 0 for directives that it passes over
      return `${stdout}${stderr}`.trim() + (status === 0 ? '' : ` exit code ${status}`);
    } finally {
      rmSync(directory, { recursive: true });
    }
  }

  it('are what systemd itself takes, and it refuses broken ones', () => {
    if (!has) {
      console.log(
        'SKIPPED: systemd-analyze verify, which this machine does not have; its unit files are checked by our schema only',
      );
      return;
    }
    expect(verified((text) => text)).toBe('');
    expect(verified((text) => text.replace('Type=oneshot', 'Type=oneshott'))).toContain('oneshott');
    expect(verified((text) => text.replace('01:17:00', '25:17:00'))).toContain('calendar');
  });
});
