import type { Comparison, Score } from '../../types.ts';
import { bars, type Bar } from '../charts.ts';
import { count, fileOf, fixed, rangesOf, volumeOf } from '../format.ts';
import { html, type Markup } from '../html.ts';

/** More would not fit on a page; the table has all. */
const MOST_BARS = 24;

/** Both models on every held-out box. */
export function scoresSection(comparison: Comparison): Markup {
  const { boxes, pooled, speed, speedRatio } = comparison;
  const rows = [
    { name: 'all boxes', ...pooled },
    ...boxes.map((box, i) => ({ name: `${volumeOf(box.source)} ${i + 1}`, ...box })),
  ].slice(0, MOST_BARS + 1);
  const of = (values: (score: Score) => readonly (number | null)[]): Bar[] =>
    rows.map(({ name, champion, challenger }) => ({
      name,
      champion: values(champion),
      challenger: values(challenger),
    }));
  return html` <section>
    <h2>Scores on held-out boxes</h2>
    ${legend()}
    <div class="plots">
      <figure>
        <figcaption>
          Variation of information, bits: <i class="swatch solid"></i> split <i class="swatch pale"></i> merge
        </figcaption>
        ${bars(
          'voi',
          'Variation of information of each box',
          of((s) => [s.voiSplit, s.voiMerge]),
          'bits, less is better',
        )}
      </figure>
      <figure>
        <figcaption>Adapted Rand error</figcaption>
        ${bars(
          'rand',
          'Adapted Rand error of each box',
          of((s) => [s.adaptedRand]),
          'less is better',
        )}
      </figure>
    </div>
    ${boxes.length > MOST_BARS && html`<p class="hint">The plots show the first ${MOST_BARS} boxes.</p>`}
    <table>
      <thead>
        <tr>
          <th scope="col">Box</th>
          <th scope="col">Voxels</th>
          <th scope="col" colspan="2">VOI <small>(split + merge)</small></th>
          <th scope="col" colspan="2">Adapted Rand error</th>
        </tr>
        <tr>
          <th></th>
          <th></th>
          <th scope="col"><i class="swatch champion"></i>Champion</th>
          <th scope="col"><i class="swatch challenger"></i>Challenger</th>
          <th scope="col"><i class="swatch champion"></i>Champion</th>
          <th scope="col"><i class="swatch challenger"></i>Challenger</th>
        </tr>
      </thead>
      <tbody>
        <tr class="total">
          <th scope="row">All boxes together</th>
          <td>${count(boxes.reduce((sum, { voxels }) => sum + voxels, 0))}</td>
          ${cells(pooled.champion, pooled.challenger)}
        </tr>
        ${boxes.map(
          (box, i) =>
            html` <tr>
              <th scope="row">
                ${i + 1} <span title="${box.source}">${fileOf(box.source)}</span>
                <small>${rangesOf(box.box)}</small>
              </th>
              <td>${count(box.voxels)}</td>
              ${cells(box.champion, box.challenger)}
            </tr>`,
        )}
      </tbody>
    </table>
    <p class="hint">
      Inference: champion ${fixed(speed.champion, 3)}, challenger ${fixed(speed.challenger, 3)}
      Mvoxel/s${
        speedRatio &&
        html`; the challenger runs at ${speedRatio.best.toFixed(3)} times the champion's speed (by
        ${speedRatio.by === 'processor' ? 'processor time' : 'the clock'}; half of ${speedRatio.rounds} rounds
        between ${speedRatio.lowerQuartile.toFixed(3)} and ${speedRatio.upperQuartile.toFixed(3)})`
      }.
      Both ran in turns on the same tiles. Truth: connected components of the labels in each box; boxes share
      no neuron; unlabelled voxels do not count.
    </p>
  </section>`;
}

export const legend = (): Markup =>
  html`<p class="legend">
    <span><i class="swatch champion"></i> champion</span>
    <span><i class="swatch challenger"></i> challenger</span>
  </p>`;

function cells(champion: Score, challenger: Score): Markup {
  const parts = ({ voiSplit, voiMerge }: Score) =>
    html`<small class="parts">(${fixed(voiSplit, 3)} + ${fixed(voiMerge, 3)})</small>`;
  return html`<td>${fixed(champion.voi)} ${parts(champion)}</td>
    <td>${fixed(challenger.voi)} ${parts(challenger)}</td>
    <td>${fixed(champion.adaptedRand)}</td>
    <td>${fixed(challenger.adaptedRand)}</td>`;
}
