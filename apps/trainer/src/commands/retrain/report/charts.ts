import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { LossPoint } from './read.ts';
import { trusted, type Markup } from './html.ts';
import type { PastReport } from './schema.ts';

use([BarChart, LineChart, GridComponent, SVGRenderer]);

type Option = Parameters<ReturnType<typeof init>['setOption']>[0];

/** Stand for the page's own colours, so that a plot is readable in light and in dark. */
const ink = {
  champion: '#010101',
  challenger: '#020202',
  text: '#030303',
  line: '#040404',
  muted: '#050505',
};

/** ECharts numbers its plots and marks what only a browser's script needs: taken out, the same input gives the same bytes. */
function svg(name: string, title: string, width: number, height: number, option: Option): Markup {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, textStyle: { color: ink.text, fontFamily: 'inherit' }, ...option });
  const text = chart.renderToSVGString();
  chart.dispose();
  const clean = text
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ (class|ecmeta_\w+|pointer-events|xmlns(:\w+)?|version|baseProfile)="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, `${name}-`)
    .replace(/font-family:inherit;?/g, '')
    .replace(
      /"(#0[1-5]0[1-5]0[1-5])"/g,
      (whole, colour: string) =>
        `"var(--${Object.entries(ink).find(([, value]) => value === colour)?.[0] ?? whole})"`,
    )
    .replace(/^<svg width="\d+" height="\d+"/, '<svg role="img"');
  // the title is text of ours
  return trusted(clean.replace(/>/, `><title>${title}</title>`));
}

const axisStyle = {
  axisLine: { lineStyle: { color: ink.line } },
  axisTick: { lineStyle: { color: ink.line } },
  axisLabel: { color: ink.muted, fontSize: 12 },
  splitLine: { lineStyle: { color: ink.line, opacity: 0.5 } },
  nameTextStyle: { color: ink.muted, fontSize: 12 },
};

export interface Bar {
  readonly name: string;
  readonly champion: readonly (number | null)[];
  readonly challenger: readonly (number | null)[];
}

/**
 * Two bars for each name, the champion's above the challenger's, each of one or two parts: the first is solid, the second pale.
 */
export function bars(name: string, title: string, rows: readonly Bar[], axis: string): Markup {
  const parts = Math.max(...rows.map(({ champion }) => champion.length));
  const series = (['champion', 'challenger'] as const).flatMap((who) =>
    Array.from({ length: parts }, (_, part) => ({
      type: 'bar' as const,
      stack: who,
      barWidth: 11,
      barGap: '25%',
      itemStyle: { color: ink[who], opacity: part === 0 ? 1 : 0.45 },
      data: rows.map((row) => row[who][part] ?? 0),
    })),
  );
  return svg(name, title, 460, 58 + 36 * rows.length, {
    grid: {
      left: 20,
      right: 18,
      top: 6,
      bottom: 24,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    xAxis: { type: 'value', name: axis, nameLocation: 'middle', nameGap: 24, splitNumber: 4, ...axisStyle },
    yAxis: {
      type: 'category',
      inverse: true,
      data: rows.map((row) => cut(row.name)),
      ...axisStyle,
      axisTick: { show: false },
      axisLabel: { color: ink.text, fontSize: 12 },
    },
    series,
  });
}

/** Loss of each step, pale, and its running mean. */
export function lossCurve(points: readonly LossPoint[]): Markup {
  const thinned = thin(points, 600);
  const smooth = runningMean(thinned, Math.max(1, Math.round(thinned.length / 15)));
  const line = (data: readonly LossPoint[], color: string, width: number, opacity: number) => ({
    type: 'line' as const,
    showSymbol: data.length === 1,
    symbol: 'circle',
    itemStyle: { color },
    lineStyle: { color, width, opacity },
    data: data.map(({ step, loss }) => [step, Number(loss.toPrecision(5))]),
  });
  return svg('loss', 'Training loss by step', 940, 240, {
    grid: {
      left: 8,
      right: 18,
      top: 12,
      bottom: 26,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    xAxis: {
      type: 'value',
      name: 'step',
      nameLocation: 'middle',
      nameGap: 26,
      min: 0,
      max: points.at(-1)?.step ?? 1,
      ...axisStyle,
      splitLine: { show: false },
    },
    yAxis: { type: 'value', scale: true, splitNumber: 4, ...axisStyle },
    series: [line(thinned, ink.challenger, 1, 0.4), line(smooth, ink.challenger, 2.5, 1)],
  });
}

/** Pooled VOI of both models, night after night. Nights that compared nothing have no point. */
export function historyCurve(reports: readonly PastReport[]): Markup {
  const series = (['champion', 'challenger'] as const).map((who) => ({
    type: 'line' as const,
    connectNulls: true,
    symbol: who === 'champion' ? 'circle' : 'diamond',
    symbolSize: who === 'champion' ? 7 : 9,
    itemStyle: { color: ink[who] },
    lineStyle: {
      color: ink[who],
      width: 2,
      type: who === 'champion' ? ('solid' as const) : ('dashed' as const),
    },
    data: reports.map(({ comparison }) => comparison?.pooled[who].voi ?? null),
  }));
  return svg('history', 'Pooled VOI of champion and challenger, night after night', 940, 220, {
    grid: {
      left: 8,
      right: 18,
      top: 12,
      bottom: 6,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    xAxis: {
      type: 'category',
      data: reports.map(({ night }) => cut(night.replace(/^\d{4}-/, ''))),
      ...axisStyle,
    },
    yAxis: { type: 'value', scale: true, splitNumber: 4, ...axisStyle },
    series,
  });
}

const cut = (name: string): string => (name.length > 26 ? `${name.slice(0, 25)}…` : name);

/** Means of as many neighbours as it takes. */
function thin(points: readonly LossPoint[], most: number): LossPoint[] {
  const size = Math.ceil(points.length / most);
  const groups = Array.from({ length: Math.ceil(points.length / size) }, (_, i) =>
    points.slice(i * size, (i + 1) * size),
  );
  return groups.map((group) => ({ step: group.at(-1)!.step, loss: mean(group) }));
}

const runningMean = (points: readonly LossPoint[], reach: number): LossPoint[] =>
  points.map(({ step }, i) => ({ step, loss: mean(points.slice(Math.max(0, i - reach), i + reach + 1)) }));

const mean = (points: readonly LossPoint[]): number =>
  points.reduce((sum, { loss }) => sum + loss, 0) / points.length;
