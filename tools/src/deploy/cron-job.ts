import { CronJob } from 'kubernetes-models/batch/v1/CronJob';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { cronJobSchema, named, type container, type pod, type rule } from './cron-job-schema.ts';
import { commandProblems, finalExitCodes, keyVariable, limitProblems, stateDirectory } from './expected.ts';
import { gpuImageOf } from './gpu-image.ts';

interface Documents {
  readonly claims: readonly unknown[];
  readonly cronJobs: readonly unknown[];
}

function documents(text: string): Documents {
  const all: unknown[] = parseAllDocuments(text).map((document) => document.toJS());
  const of = (kind: string) => all.filter((value) => (value as { kind?: unknown } | null)?.kind === kind);
  return { claims: of('PersistentVolumeClaim'), cronJobs: of('CronJob') };
}

/** The one container of the CronJob. */
export function nightContainer(text: string): z.infer<typeof container> {
  return cronJobSchema.parse(documents(text).cronJobs[0]).spec.jobTemplate.spec.template.spec.containers[0];
}

/** What is wrong with the CronJob and its claim, a sentence each. */
export function cronJobProblems(text: string, { deadlineMinutes }: { deadlineMinutes: number }): string[] {
  const { claims, cronJobs } = documents(text);
  if (claims.length !== 1 || cronJobs.length !== 1)
    return [
      `has ${claims.length} PersistentVolumeClaims and ${cronJobs.length} CronJobs instead of one of each`,
    ];
  const structural = [
    ...modelProblems('PersistentVolumeClaim', () =>
      // the model is what checks the type
      new PersistentVolumeClaim(claims[0] as never).validate(),
    ),
    ...modelProblems('CronJob', () => new CronJob(cronJobs[0] as never).validate()),
  ];
  const parsed = cronJobSchema.safeParse(cronJobs[0]);
  if (!parsed.success)
    return [
      ...structural,
      ...parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    ];
  const { spec: job } = parsed.data.spec.jobTemplate;
  const [night] = job.template.spec.containers;
  return [
    ...structural,
    ...limitProblems('activeDeadlineSeconds', job.template.spec.activeDeadlineSeconds / 60, deadlineMinutes),
    ...exitCodeProblems(job.podFailurePolicy.rules),
    ...commandProblems(night.command),
    ...gpuProblems(night),
    ...(night.env.some((variable) => variable.name === keyVariable && 'valueFrom' in variable)
      ? []
      : [`does not give the night ${keyVariable} from a Secret`]),
    ...mountProblems(job.template.spec),
    ...claimProblems(job.template.spec, claims[0]),
  ];
}

/** An image for a GPU does not start without one, and another image would leave it idle. */
function gpuProblems({ image, resources }: z.infer<typeof container>): string[] {
  const asked = Number(resources.limits['nvidia.com/gpu'] ?? 0) > 0;
  const built = image === gpuImageOf(image.replace(/-gpu$/, ''));
  if (built === asked) return [];
  return built
    ? [`runs ${image} and asks for no nvidia.com/gpu`]
    : [`asks for nvidia.com/gpu and runs ${image}, whose engine computes on the processor`];
}

function exitCodeProblems(rules: readonly z.infer<typeof rule>[]): string[] {
  const ends = rules.flatMap((one) => ('onExitCodes' in one ? one.onExitCodes.values : []));
  const wanted = finalExitCodes();
  return String(ends.toSorted((a, b) => a - b)) === String(wanted)
    ? []
    : [
        `ends the job for the exit codes ${ends.join(', ')}, but those of the program are ${wanted.join(', ')}`,
      ];
}

function mountProblems({ containers: [night], volumes }: z.infer<typeof pod>): string[] {
  const kinds = new Map(volumes.map((volume) => [volume.name, volume]));
  const at = (path: string) =>
    kinds.get(night.volumeMounts.find(({ mountPath }) => mountPath === path)?.name ?? '');
  const needs = (path: string, kind: string) =>
    kind in (at(path) ?? {}) ? [] : [`has no ${kind} at ${path}`];
  return [
    ...needs('/etc/tokenunify', 'configMap'),
    ...needs(stateDirectory, 'persistentVolumeClaim'),
    ...needs('/tmp', 'emptyDir'),
  ];
}

function claimProblems({ volumes }: z.infer<typeof pod>, claim: unknown): string[] {
  const { name } = z.object({ metadata: named }).parse(claim).metadata;
  return volumes
    .flatMap((volume) => ('persistentVolumeClaim' in volume ? [volume.persistentVolumeClaim.claimName] : []))
    .filter((claimName) => claimName !== name)
    .map((claimName) => `uses the claim ${claimName}, which the file does not have`);
}

function modelProblems(kind: string, validate: () => void): string[] {
  try {
    validate();
    return [];
  } catch (error) {
    return [`is no ${kind}: ${error instanceof Error ? error.message : String(error)}`];
  }
}
