import { z } from 'zod';

const count = z.int().min(0);
const quantity = z.string().regex(/^\d+(m|[KMGT]i)?$/, 'must be a quantity, as 8Gi');
export const named = z.strictObject({ name: z.string() });

export const container = z.strictObject({
  name: z.string(),
  image: z.string().regex(/:(?!latest$)[\w.-]+$/, 'must name a version'),
  command: z.array(z.string()),
  env: z.array(
    z.union([
      z.strictObject({
        name: z.string(),
        valueFrom: z.strictObject({ secretKeyRef: z.strictObject({ name: z.string(), key: z.string() }) }),
      }),
      z.strictObject({ name: z.string(), value: z.string() }),
    ]),
  ),
  resources: z.strictObject({
    requests: z.strictObject({ cpu: quantity, memory: quantity }),
    limits: z.strictObject({ memory: quantity, 'nvidia.com/gpu': quantity.optional() }),
  }),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  volumeMounts: z.array(
    z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() }),
  ),
});

export const pod = z.strictObject({
  activeDeadlineSeconds: z.int(),
  runtimeClassName: z.string().optional(),
  restartPolicy: z.literal('Never', 'must be Never: a pod failure policy needs it'),
  automountServiceAccountToken: z.literal(false),
  terminationGracePeriodSeconds: z.int().min(60),
  securityContext: z.strictObject({
    runAsNonRoot: z.literal(true),
    runAsUser: z.int().min(1),
    runAsGroup: z.int().min(1),
    fsGroup: z.int().min(1),
    seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
  }),
  containers: z.tuple([container]),
  volumes: z.array(
    z.union([
      z.strictObject({ name: z.string(), configMap: named }),
      z.strictObject({
        name: z.string(),
        persistentVolumeClaim: z.strictObject({ claimName: z.string() }),
      }),
      z.strictObject({ name: z.string(), emptyDir: z.strictObject({}) }),
    ]),
  ),
});

export const rule = z.union([
  z.strictObject({
    action: z.literal('Ignore'),
    onPodConditions: z.array(
      z.strictObject({ type: z.literal('DisruptionTarget'), status: z.literal('True') }),
    ),
  }),
  z.strictObject({
    action: z.literal('FailJob'),
    onExitCodes: z.strictObject({ operator: z.literal('In'), values: z.array(z.int().min(1)) }),
  }),
]);

/** Every field that the file has: the models of Kubernetes pass over fields that they do not know. */
export const cronJobSchema = z.strictObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('CronJob'),
  metadata: named,
  spec: z.strictObject({
    schedule: z.string().regex(/^(\S+ ){4}\S+$/, 'needs five fields'),
    timeZone: z.string(),
    concurrencyPolicy: z.literal('Forbid', 'must be Forbid: two nights exclude each other'),
    startingDeadlineSeconds: z.int().min(60),
    successfulJobsHistoryLimit: count,
    failedJobsHistoryLimit: count,
    jobTemplate: z.strictObject({
      spec: z.strictObject({
        backoffLimit: count.max(6),
        podFailurePolicy: z.strictObject({ rules: z.array(rule) }),
        template: z.strictObject({ spec: pod }),
      }),
    }),
  }),
});
