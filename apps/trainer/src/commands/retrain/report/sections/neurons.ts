import type { Comparison, WorstNeuron } from '../../types.ts';
import { count, fileOf, signed } from '../format.ts';
import { html, type Markup } from '../html.ts';

const SHOWN = 10;
type Loss = WorstNeuron['champion'];
const bits = ({ split, merge }: Loss): number => split + merge;

/** Where the models lose their bits. */
export function neuronsSection({ worst, pooled }: Comparison): Markup | undefined {
  if (worst.length === 0) return undefined;
  const most = Math.max(...worst.flatMap(({ champion, challenger }) => [bits(champion), bits(challenger)]));
  const ranked = (of: (neuron: WorstNeuron) => number) =>
    worst.toSorted((a, b) => of(b) - of(a)).slice(0, SHOWN);
  const lists = [
    { name: 'challenger', list: ranked(({ challenger }) => bits(challenger)) },
    { name: 'champion', list: ranked(({ champion }) => bits(champion)) },
    { name: 'change', list: ranked(changeOf) },
  ];
  return html` <section>
    <h2>Worst neurons</h2>
    <p class="hint">
      The ${SHOWN} neurons in which each model loses most, and those that changed most. Bits are each neuron's
      part of the pooled VOI (champion ${pooled.champion.voi.toFixed(3)}, challenger
      ${pooled.challenger.voi.toFixed(3)}). In the pictures, what the neuron is divided among is coloured, its
      largest piece blue, and the white line is the true outline: another colour inside is a split, colour
      outside is a merge.
    </p>
    <table class="neurons">
      <thead>
        <tr>
          <th scope="col" class="panels">
            <span>raw</span><span>truth</span><span>champion</span><span>challenger</span>
          </th>
          <th scope="col">Neuron</th>
          <th scope="col">Bits lost: <i class="swatch solid"></i> split <i class="swatch pale"></i> merge</th>
          <th scope="col">Change</th>
        </tr>
      </thead>
      <tbody>
        ${worst.map((neuron) => row(neuron, most, lists))}
      </tbody>
    </table>
  </section>`;
}

const changeOf = ({ champion, challenger }: WorstNeuron): number =>
  Math.abs(bits(challenger) - bits(champion));

function row(
  neuron: WorstNeuron,
  most: number,
  lists: readonly { readonly name: string; readonly list: readonly WorstNeuron[] }[],
): Markup {
  const { source, champion, challenger, voxels, at, axis, picture } = neuron;
  const change = bits(challenger) - bits(champion);
  const ranks = lists.flatMap(({ name, list }) => {
    const place = list.indexOf(neuron);
    return place < 0 ? [] : [`${name} #${place + 1}`];
  });
  const where = axis !== undefined && at ? `section ${'zyx'[axis]} = ${at[axis]}` : '';
  return html` <tr>
    <td class="panels">
      ${
        picture !== undefined &&
        html`<img
            src="data:image/png;base64,${picture}"
            alt="Neuron ${neuron.neuron}: raw, truth, champion and challenger"
          /><small>${where}</small>`
      }
    </td>
    <td>
      <strong>${neuron.neuron}</strong><br /><small
        ><span title="${source}">${fileOf(source)}</span
        >${at && html`<br />z, y, x = ${at.join(', ')}`}<br />${count(voxels)} voxels</small
      >
      <p class="ranks">${ranks.map((rank) => html`<span>${rank}</span> `)}</p>
    </td>
    <td>${lossBar('champion', champion, most)}${lossBar('challenger', challenger, most)}</td>
    <td class="change ${change < 0 ? 'passed' : change > 0 ? 'missed' : ''}">
      ${signed(change, 4)}<br /><small>${change < 0 ? 'better' : change > 0 ? 'worse' : 'the same'}</small>
    </td>
  </tr>`;
}

function lossBar(who: 'champion' | 'challenger', loss: Loss, most: number): Markup {
  const width = (part: number) => (100 * part) / most;
  return html`<div
    class="loss"
    title="${who}: split ${loss.split.toFixed(4)}, merge ${loss.merge.toFixed(4)} bits"
  >
    <span class="track"
      ><i class="${who}" style="width:${width(loss.split).toFixed(2)}%"></i
      ><i class="${who} pale" style="width:${width(loss.merge).toFixed(2)}%"></i></span
    ><b>${bits(loss).toFixed(4)}</b>
  </div>`;
}
