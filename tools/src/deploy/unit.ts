/** What is wrong with the unit files of systemd. */
import type { z } from 'zod';
import { commandProblems, finalExitCodes, limitProblems, stateDirectory } from './expected.ts';
import { parseUnit, type Unit } from './unit-parser.ts';
import { serviceSchema, timerSchema } from './unit-schema.ts';

function read<T extends z.ZodType>(source: string, schema: T): z.infer<T> | string[] {
  let unit: Unit;
  try {
    unit = parseUnit(source);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  const parsed = schema.safeParse(unit);
  return parsed.success
    ? parsed.data
    : parsed.error.issues.map(({ path: at, message }) => `${at.slice(0, 2).join('.')}: ${message}`);
}

/** The words of ExecStart; the program without its directory. */
export function serviceCommand(source: string): readonly string[] {
  const line = parseUnit(source)['Service']?.['ExecStart']?.[0] ?? '';
  return line.replace(/^\S*\/node_modules\/\.bin\//, '').split(/\s+/);
}

/** What is wrong with the service, a sentence each. */
export function serviceProblems(source: string, { deadlineMinutes }: { deadlineMinutes: number }): string[] {
  const unit = read(source, serviceSchema);
  if (Array.isArray(unit)) return unit;
  const { Service: service } = unit;
  const final = finalExitCodes().join(' ');
  const [home] = service.WorkingDirectory;
  return [
    ...commandProblems(serviceCommand(source)),
    ...limitProblems('TimeoutStartSec', minutes(service.TimeoutStartSec[0]), deadlineMinutes),
    ...(service.RestartPreventExitStatus[0] === final
      ? []
      : [
          `does not restart after ${service.RestartPreventExitStatus[0]}, but the final exit codes are ${final}`,
        ]),
    ...(`/var/lib/${service.StateDirectory[0]}` === stateDirectory
      ? []
      : [`makes /var/lib/${service.StateDirectory[0]} writable instead of ${stateDirectory}`]),
    ...[service.ExecStart[0], service.Environment[0].slice('PATH='.length)]
      .filter((value) => !value.startsWith(`${home}/node_modules/.bin`))
      .map((value) => `names ${value}, which is not in WorkingDirectory ${home}`),
  ];
}

/** What is wrong with the timer, a sentence each. */
export function timerProblems(source: string, service: string): string[] {
  const unit = read(source, timerSchema);
  if (Array.isArray(unit)) return unit;
  return unit.Timer.Unit[0] === service ? [] : [`starts ${unit.Timer.Unit[0]} instead of ${service}`];
}

/** `1h 30min` -> 90. */
export function minutes(value: string): number {
  const units: Readonly<Record<string, number>> = { h: 60, min: 1, s: 1 / 60 };
  return [...value.matchAll(/(\d+)(h|min|s)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * units[unit!]!,
    0,
  );
}

/** As cron would write it: `*-*-* 01:17:00 UTC` -> `17 1 * * *`. */
export function cronOf(source: string): string {
  const [, hour, minute] = /(\d\d):(\d\d):/.exec(parseUnit(source)['Timer']?.['OnCalendar']?.[0] ?? '') ?? [];
  return `${Number(minute)} ${Number(hour)} * * *`;
}
