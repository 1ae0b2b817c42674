import type { ModelName, NightReport } from '../../types.ts';
import { short } from '../format.ts';
import { html, type Markup } from '../html.ts';

interface Advice {
  readonly text: string;
  /** For a shell; what comes from outside is quoted. */
  readonly command?: string;
}

/** What a person may want to do in the morning, with the commands. */
export function nextSection(report: NightReport): Markup {
  return html` <section class="next">
    <h2>What to do next</h2>
    <ol>
      ${adviceFor(report).map(
        ({ text, command }) =>
          html`<li>${text}${command !== undefined && html`<pre><code>${command}</code></pre>`}</li>`,
      )}
    </ol>
    <p class="hint">
      Commands for a shell in which <code>TOKENUNIFY_API_KEY</code> is a key with the scope
      <code>models:write</code>. More in docs/how-to/run-a-nightly.md.
    </p>
  </section>`;
}

const again = 'npx tokenunify retrain --config nightly.json';

export function adviceFor(report: NightReport): readonly Advice[] {
  const { outcome, champion, challenger, server } = report;
  const say = ({ name, version }: ModelName) => `${name} ${version}`;
  const annotate: Advice = {
    text: 'Add annotations: what is new is trained on in the next night.',
    command:
      'npx tokenunify annotate --manifest annotations.json --raw RAW --labels LABELS --box 0:64,0:128,0:128 --split train',
  };
  const byHand = (model: ModelName): Advice => ({
    text: `If you know better than the gate, promote ${say(model)} by hand. Nothing happens if another version than tonight's champion serves by then.`,
    command: post(server, `/v1/models/${model.digest}/promote`, {
      ...(champion && { expected: champion.digest }),
      reason: `by hand after night ${report.night}`,
    }),
  });
  switch (outcome) {
    case 'promoted':
      return [
        ...(challenger && champion
          ? [
              {
                text: `To go back to ${say(champion)} (${short(champion.digest)}): the roll back happens only while tonight's model serves, and moves running jobs to no other model.`,
                command: post(server, '/v1/deployment/rollback', {
                  expected: challenger.digest,
                  reason: `by hand after night ${report.night}`,
                }),
              },
            ]
          : []),
        { text: 'Look at the neurons below that changed for the worse, and annotate around them.' },
        annotate,
      ];
    case 'kept':
      return [
        { text: 'Nothing has to be done: the champion serves as before, and the next night begins from it.' },
        ...(challenger
          ? [
              {
                text: `To see ${say(challenger)} at work, let it do a tenth of new jobs beside the champion's answers (shadow runs are not returned).`,
                command: patch(server, '/v1/deployment', { shadowPercent: 10 }),
              },
              byHand(challenger),
            ]
          : []),
        annotate,
      ];
    case 'nothing-new':
      return [{ text: 'Nothing has to be done: the champion serves as before.' }, annotate];
    case 'refused':
      return [
        {
          text: 'The champion serves as before. Mend what the reason above names; the next night trains anew on the same annotations.',
        },
        { text: 'Or try at once.', command: again },
      ];
    case 'rolled-back':
      return [
        {
          text: 'The former champion serves again. The smoke test above says what the new model did to the reference volume; look at both before anything else is promoted.',
        },
        ...(challenger
          ? [
              {
                text: `Segment the reference volume with ${say(challenger)} and look at it; it is still in the registry.`,
                command: `npx tokenunify segment REFERENCE reference.zarr --api ${quoted(server)} --model ${challenger.digest}`,
              },
            ]
          : []),
      ];
    case 'failed':
      return failed(report);
    case 'deadline':
      return [
        {
          text: 'Run the same command again: finished steps are not repeated, and the training goes on from its last checkpoint.',
          command: again,
        },
        {
          text: 'If nights often end like this, raise deadlineMinutes or lower training.steps in nightly.json.',
        },
      ];
  }
}

/** What a failure leaves behind depends on how far the promotion was. */
function failed({ steps, resumable }: NightReport): readonly Advice[] {
  const promoted = steps.some(({ step }) => step === 'promote');
  const tested = steps.some(({ step }) => step === 'smoke');
  if (promoted && !tested)
    return [
      {
        text: 'A promotion was done and not tested yet. Run the same command again soon: it tests what serves now before anything else, and rolls it back if need be.',
        command: again,
      },
    ];
  const before = promoted ? '' : 'Nothing was promoted; the champion serves as before. ';
  return [
    {
      text: resumable
        ? `${before}Mend what the reason above names, then run the same command again: finished steps are not repeated.`
        : `${before}Mend what the reason above names; a new night then begins from the start.`,
      command: again,
    },
  ];
}

const request = (method: string, server: string, path: string, body: object): string =>
  [
    `curl -X ${method} ${quoted(server.replace(/\/+$/, '') + path)}`,
    `-H "authorization: Bearer $TOKENUNIFY_API_KEY" -H 'content-type: application/json'`,
    `-d ${quoted(JSON.stringify(body))}`,
  ].join(' \\\n  ');
const post = (server: string, path: string, body: object) => request('POST', server, path, body);
const patch = (server: string, path: string, body: object) => request('PATCH', server, path, body);

/** One word for a POSIX shell, whatever is in it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
