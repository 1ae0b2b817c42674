import type { NightReport, Outcome } from '../../types.ts';
import { duration, instant, short, prose } from '../format.ts';
import { html, type Markup } from '../html.ts';

interface Words {
  /** Beside the colour, for who does not see it. */
  readonly sign: string;
  readonly tone: 'good' | 'neutral' | 'warning' | 'bad';
  readonly title: string;
}

/** An outcome in words. */
export const words: Readonly<Record<Outcome, Words>> = {
  promoted: { sign: '✓', tone: 'good', title: 'Promoted: the new model is champion' },
  kept: { sign: '=', tone: 'neutral', title: 'Kept as challenger: the champion stays' },
  'nothing-new': { sign: '–', tone: 'neutral', title: 'Nothing new: there was nothing to train on' },
  refused: { sign: '✕', tone: 'bad', title: 'Refused: the new model was not published' },
  'rolled-back': { sign: '↶', tone: 'bad', title: 'Rolled back: the former champion serves again' },
  failed: { sign: '✕', tone: 'bad', title: 'Failed: a step could not be done' },
  deadline: { sign: '◷', tone: 'warning', title: 'Deadline: the night can be gone on with' },
};

export function headline(report: NightReport): Markup {
  const { sign, tone, title } = words[report.outcome];
  const { champion, challenger, serving } = report;
  const model = (name: string, of: typeof champion, otherwise: string) =>
    html` <div>
      <dt>${name}</dt>
      <dd>
        ${of ? html`${of.name} ${of.version}<br /><code title="${of.digest}">${short(of.digest)}</code>` : otherwise}
      </dd>
    </div>`;
  return html` <header class="${tone}">
    <p class="night">tokenunify retrain · night ${report.night}</p>
    <h1><span class="sign" aria-hidden="true">${sign}</span>${title}</h1>
    <p class="reason">${prose(report.reason)}</p>
    <dl class="facts">
      ${model('Serving now', serving, 'not known to this night')}
      ${model('Champion at the beginning', champion, 'the registry was not asked')}
      ${model('Challenger', challenger, 'none was made')}
      <div>
        <dt>When</dt>
        <dd>
          ${instant(report.startedAt)}<br />${duration(report.seconds)} of work<br />exit code
          ${report.exitCode}
        </dd>
      </div>
    </dl>
    ${
      report.notes.length > 0 &&
      html`<ul class="notes">
        ${report.notes.map((note) => html`<li>${note}</li>`)}
      </ul>`
    }
  </header>`;
}
