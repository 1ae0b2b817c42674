import { stepNames, type NightReport, type StepName } from '../../types.ts';
import { historyCurve, lossCurve } from '../charts.ts';
import { duration, fixed, instant, percent, short, prose } from '../format.ts';
import { html, type Markup } from '../html.ts';
import type { LossPoint } from '../read.ts';
import type { PastReport } from '../schema.ts';
import { words } from './headline.ts';
import { legend } from './scores.ts';

/** What the night did, step by step, each with its share of the time. */
export function timelineSection({ steps, training, outcome }: NightReport): Markup {
  const total = Math.max(
    steps.reduce((sum, { seconds }) => sum + seconds, 0),
    1e-9,
  );
  let before = 0;
  const rows = steps.map(({ step, at, seconds, summary }) => {
    const left = (100 * before) / total;
    before += seconds;
    return html` <tr>
      <th scope="row">${step}</th>
      <td class="when">${instant(at).slice(11, 16)}</td>
      <td>${duration(seconds)}</td>
      <td class="lane">
        <i style="margin-left:${left.toFixed(2)}%;width:${((100 * seconds) / total).toFixed(2)}%"></i>
      </td>
      <td>${prose(summary)}</td>
    </tr>`;
  });
  const missing = stepNames.filter(
    (name) => !steps.some(({ step }) => step === name) && expected(name, outcome),
  );
  return html` <section>
    <h2>Steps</h2>
    ${
      steps.length === 0
        ? html`<p>No step was finished.</p>`
        : html`<table class="timeline">
            <thead>
              <tr>
                <th scope="col">Step</th>
                <th scope="col">Done, UTC</th>
                <th scope="col">Took</th>
                <th scope="col">Share of ${duration(total)}</th>
                <th scope="col">What</th>
              </tr>
            </thead>
            <tbody>
              ${rows}
            </tbody>
          </table>`
    }
    ${missing.length > 0 && html`<p class="hint">Not reached: ${missing.join(', ')}.</p>`}
    <p class="hint">
      Training: ${training.steps} steps of ${training.batch} × ${training.crop.join(' × ')} voxels, peak rate
      ${String(training.rate)}, engine ${training.engine}, seed ${training.seed}.
    </p>
  </section>`;
}

/** A night that kept its challenger did not miss a promotion. */
function expected(name: StepName, outcome: NightReport['outcome']): boolean {
  if (name === 'roll-back' || outcome === 'nothing-new') return false;
  return outcome !== 'kept' || !['promote', 'smoke'].includes(name);
}

export function trainingSection(losses: readonly LossPoint[]): Markup | undefined {
  if (losses.length === 0) return undefined;
  return html` <section>
    <h2>Training loss</h2>
    <p class="hint">Loss of each of ${losses.length} steps, pale, and its running mean.</p>
    <figure>${lossCurve(losses)}</figure>
  </section>`;
}

/** Earlier nights and this one. */
export function historySection(reports: readonly PastReport[]): Markup | undefined {
  if (reports.length < 2) return undefined;
  const compared = reports.filter(({ comparison }) => comparison);
  return html` <section>
    <h2>The last ${reports.length} nights</h2>
    ${
      compared.length > 1 &&
      html`${legend()}
        <figure>
          <figcaption>Pooled VOI, bits, on the held-out boxes of each night</figcaption>
          ${historyCurve(reports)}
        </figure>`
    }
    <table class="history">
      <thead>
        <tr>
          <th scope="col">Night</th>
          <th scope="col">Outcome</th>
          <th scope="col">VOI</th>
          <th scope="col">Change</th>
          <th scope="col">Took</th>
          <th scope="col">Serving then</th>
        </tr>
      </thead>
      <tbody>
        ${reports.toReversed().map(pastRow)}
      </tbody>
    </table>
  </section>`;
}

function pastRow({ night, outcome, reason, seconds, serving, comparison }: PastReport): Markup {
  const { sign, tone } = words[outcome];
  const pooled = comparison?.pooled;
  const gain = pooled && (pooled.champion.voi - pooled.challenger.voi) / pooled.champion.voi;
  return html` <tr>
    <th scope="row">${night}</th>
    <td class="${tone}" title="${reason}"><span class="sign" aria-hidden="true">${sign}</span> ${outcome}</td>
    <td>${pooled ? `${fixed(pooled.champion.voi)} → ${fixed(pooled.challenger.voi)}` : '–'}</td>
    <td>${gain === undefined ? '–' : Number.isFinite(gain) ? percent(gain, 1) : 'cannot be told'}</td>
    <td>${duration(seconds)}</td>
    <td>
      ${serving ? html`<span title="${serving.digest}">${serving.version}</span> <code>${short(serving.digest)}</code>` : '–'}
    </td>
  </tr>`;
}
