import { gateMetrics, type GateMetric, type NightReport } from '../../types.ts';
import { duration, fixed, percent } from '../format.ts';
import { html, type Markup } from '../html.ts';

const names: Readonly<Record<GateMetric, string>> = {
  voi: 'VOI, bits (less is better)',
  adaptedRand: 'Adapted Rand error (less is better)',
  speed: 'Inference, Mvoxel/s (more is better)',
};

/** What was asked of the challenger, and what it did. */
export function gateSection({ gate, decision, smoke }: NightReport): Markup {
  const rows = decision
    ? decision.verdicts.map(
        (verdict) =>
          html` <tr>
            <th scope="row">${names[verdict.metric]}</th>
            <td>${fixed(verdict.champion)}</td>
            <td>${fixed(verdict.challenger)}</td>
            <td>${percent(verdict.improvement)}</td>
            <td>${percent(verdict.margin)}</td>
            <td class="${verdict.passed ? 'passed' : 'missed'}">
              ${verdict.passed ? '✓ passed' : '✕ missed'}
            </td>
          </tr>`,
      )
    : gateMetrics
        .filter((metric) => gate[metric])
        .map(
          (metric) =>
            html` <tr>
              <th scope="row">${names[metric]}</th>
              <td>–</td>
              <td>–</td>
              <td>–</td>
              <td>${percent(gate[metric]?.margin)}</td>
              <td>not measured</td>
            </tr>`,
        );
  return html` <section>
    <h2>Gate</h2>
    <p class="hint">Promoted only if better by the margin on every metric, on boxes that no training sees.</p>
    <table>
      <thead>
        <tr>
          <th scope="col">Metric</th>
          <th scope="col"><i class="swatch champion"></i>Champion</th>
          <th scope="col"><i class="swatch challenger"></i>Challenger</th>
          <th scope="col">Improvement</th>
          <th scope="col">Needed</th>
          <th scope="col">Verdict</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
    ${
      smoke &&
      html`<p class="${smoke.passed ? 'passed' : 'missed'}">
        <strong>${smoke.passed ? '✓' : '✕'} Smoke test over HTTP:</strong> ${smoke.reason} (VOI
        ${smoke.voi === undefined ? 'not measured' : fixed(smoke.voi)}, at most
        ${String(smoke.maximumVoi)}${
          smoke.seconds !== undefined && html`, ${duration(smoke.seconds)}`
        }${smoke.sameAsHere !== undefined && html`, labels ${smoke.sameAsHere ? 'the same as' : 'other than'} on the training machine`})
      </p>`
    }
  </section>`;
}
