import type { NightReport } from '../types.ts';
import { instant } from './format.ts';
import { html, trusted } from './html.ts';
import type { LossPoint } from './read.ts';
import type { PastReport } from './schema.ts';
import { historySection, timelineSection, trainingSection } from './sections/course.ts';
import { detailsSection } from './sections/details.ts';
import { gateSection } from './sections/gate.ts';
import { headline, words } from './sections/headline.ts';
import { neuronsSection } from './sections/neurons.ts';
import { nextSection } from './sections/next.ts';
import { scoresSection } from './sections/scores.ts';
import { style } from './style.ts';

/** What the page shows besides the report. */
export interface PageExtras {
  readonly losses: readonly LossPoint[];
  /** Oldest first, with this night's as the last. */
  readonly history: readonly PastReport[];
}

/**
 * report.html: one file that needs no other, no network and no script. The policy in its head makes browsers refuse both, whatever a
 * volume is called.
 */
export function page(report: NightReport, { losses, history }: PageExtras): string {
  const { comparison } = report;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Night ${report.night}: ${words[report.outcome].title}</title>
        <style>
          ${trusted(style)}
        </style>
      </head>
      <body>
        ${headline(report)} ${gateSection(report)} ${comparison && scoresSection(comparison)}
        ${nextSection(report)} ${comparison && neuronsSection(comparison)} ${trainingSection(losses)}
        ${timelineSection(report)} ${historySection(history)} ${detailsSection(report)}
        <footer>Written by tokenunify ${report.software}, ${instant(report.finishedAt)}.</footer>
      </body>
    </html> `.text;
}
