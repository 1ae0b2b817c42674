import validator from '@action-validator/core';
import { parse, parseDocument } from 'yaml';
import { z } from 'zod';
import { commandProblems, keyVariable, limitProblems, scriptProblems, stateDirectory } from './expected.ts';

/** What is looked at here; that the rest is a workflow, action-validator says. */
const schema = z.object({
  on: z.object({
    schedule: z.array(z.object({ cron: z.string().regex(/^(\S+ ){4}\S+$/, 'needs five fields') })).min(1),
    workflow_dispatch: z.unknown().optional(),
  }),
  permissions: z.strictObject({ contents: z.literal('read') }),
  concurrency: z.object({ group: z.string().min(1), 'cancel-in-progress': z.literal(false) }),
  jobs: z.strictObject({
    retrain: z.object({
      'runs-on': z
        .array(z.string())
        .refine((labels) => labels.includes('self-hosted'), 'must be self-hosted'),
      'timeout-minutes': z.number(),
      steps: z.array(
        z.object({
          id: z.string().optional(),
          if: z.string().optional(),
          uses: z.string().optional(),
          run: z.string().optional(),
          shell: z.string().optional(),
          env: z.record(z.string(), z.string()).optional(),
          with: z.record(z.string(), z.unknown()).optional(),
        }),
      ),
    }),
  }),
});
type Step = z.infer<typeof schema>['jobs']['retrain']['steps'][number];

/** The words of the command that the workflow's night is. */
export function workflowCommand(text: string): readonly string[] {
  const { jobs } = schema.parse(parse(text));
  const run = jobs.retrain.steps.find(({ id }) => id === 'night')?.run ?? '';
  const [command = ''] = run.split(/\s+(?:2>&1\s*)?\|/);
  return command.trim().replace(/^npx /, '').split(/\s+/);
}

/** What is wrong with the workflow, a sentence each. */
export function workflowProblems(
  text: string,
  { deadlineMinutes, scripts }: { deadlineMinutes: number; scripts: ReadonlySet<string> },
): string[] {
  const { errors } = validator.validateWorkflow(text);
  const structural = errors.map((error) => `is no workflow: ${JSON.stringify(error)}`);
  // what is no YAML has been said to be no workflow
  if (parseDocument(text).errors.length > 0) return structural;
  const parsed = schema.safeParse(parse(text));
  if (!parsed.success)
    return [
      ...structural,
      ...parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    ];
  const { on, jobs } = parsed.data;
  const { steps, 'timeout-minutes': minutes } = jobs.retrain;
  return [
    ...structural,
    ...('workflow_dispatch' in on ? [] : ['cannot be started by hand: workflow_dispatch is missing']),
    ...limitProblems('timeout-minutes', minutes, deadlineMinutes),
    ...commandProblems(workflowCommand(text)),
    ...scriptProblems(text, scripts),
    ...nightProblems(steps),
    ...afterProblems(steps),
  ];
}

function nightProblems(steps: readonly Step[]): string[] {
  const night = steps.find(({ id }) => id === 'night');
  if (!night) return ['has no step with the id night'];
  return [
    ...(night.run?.includes('|') && night.shell !== 'bash'
      ? ['pipes the night without `shell: bash`, so its exit code is lost']
      : []),
    ...(night.env?.[keyVariable] === `\${{ secrets.${keyVariable} }}`
      ? []
      : [`does not give the night ${keyVariable} from the secret of that name`]),
  ];
}

/** In the morning, a night that failed must be told of too. */
function afterProblems(steps: readonly Step[]): string[] {
  const behind = steps.slice(steps.findIndex(({ id }) => id === 'night') + 1);
  const always = behind.filter((step) => step.if === 'always()');
  const upload = always.find(({ uses }) => uses?.startsWith('actions/upload-artifact@v'));
  const paths = String(upload?.with?.['path'] ?? '');
  return [
    ...(always.some(({ run }) => run?.includes('GITHUB_STEP_SUMMARY'))
      ? []
      : ['does not say in the summary how the night ended, whatever happens (if: always())']),
    ...(['latest.html', 'latest.json'].every((name) => paths.includes(`${stateDirectory}/nightly/${name}`))
      ? []
      : ['does not keep latest.html and latest.json, whatever happens (if: always())']),
  ];
}
