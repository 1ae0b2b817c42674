import type { Annotation, NightReport } from '../../types.ts';
import { count, fileOf, instant, rangesOf } from '../format.ts';
import { html, type Markup } from '../html.ts';

/** Everything that is needed to do it again. */
export function detailsSection(report: NightReport): Markup {
  const { champion, challenger, serving, annotations, training, gate } = report;
  const models = [
    ['Serving now', serving],
    ['Champion at the beginning', champion],
    ['Challenger', challenger],
  ] as const;
  return html` <section class="details">
    <h2>Versions and settings</h2>
    <table>
      <tbody>
        ${models.map(
          ([role, model]) =>
            model &&
            html`<tr>
              <th scope="row">${role}</th>
              <td>${model.name} ${model.version}</td>
              <td><code class="digest">${model.digest}</code></td>
            </tr>`,
        )}
        <tr>
          <th scope="row">Program</th>
          <td>tokenunify ${report.software}</td>
          <td>registry <code>${report.server}</code></td>
        </tr>
        <tr>
          <th scope="row">Time</th>
          <td>from ${instant(report.startedAt)}</td>
          <td>to ${instant(report.finishedAt)}</td>
        </tr>
      </tbody>
    </table>
    <h3>Settings of nightly.json</h3>
    <pre><code>${settings({ training, gate })}</code></pre>
    <h3>Entries of the manifest</h3>
    ${
      annotations.train.length + annotations.heldOut.length === 0
        ? html`<p>The manifest was not read.</p>`
        : entries(annotations)
    }
  </section>`;
}

/** A line for each part. */
const settings = (parts: Readonly<Record<string, object>>): string =>
  Object.entries(parts)
    .map(([name, part]) => `"${name}": ${JSON.stringify(part).replaceAll(/([,:])/g, '$1 ')}`)
    .join('\n');

function entries({ train, heldOut, fresh }: NightReport['annotations']): Markup {
  const isFresh = new Set(fresh);
  const all = [...train, ...heldOut].toSorted((a, b) => a.number - b.number);
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Entry</th>
        <th scope="col">Split</th>
        <th scope="col">Raw, labels</th>
        <th scope="col">Box (z, y, x)</th>
        <th scope="col">Voxels</th>
        <th scope="col">sha256</th>
      </tr>
    </thead>
    <tbody>
      ${all.map((entry) => entryRow(entry, isFresh.has(entry.key)))}
    </tbody>
  </table>`;
}

function entryRow({ number, split, raw, labels, box, sha256 }: Annotation, fresh: boolean): Markup {
  const voxels = box.start.reduce((product, from, d) => product * (box.stop[d]! - from), 1);
  return html`<tr>
    <th scope="row">${number}${fresh && html` <span class="new">new</span>`}</th>
    <td>${split}</td>
    <td><span title="${raw}">${fileOf(raw)}</span><br /><span title="${labels}">${fileOf(labels)}</span></td>
    <td>${rangesOf(box)}</td>
    <td>${count(voxels)}</td>
    <td><code title="${sha256}">${sha256.slice(0, 12)}</code></td>
  </tr>`;
}
