/**
 * Of the report. Blue and orange are Okabe and Ito's, which people with any colour vision tell apart; no meaning rests on colour alone.
 */
export const style = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --panel: #f6f7f9; --text: #1b1e23; --muted: #5c6470; --line: #d5d9e0;
  --champion: #0072b2; --challenger: #e08a00; --good: #00795a; --bad: #b8470b; --warning: #8f6400; --neutral: #3d5a80;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14161a; --panel: #1e2127; --text: #e8eaee; --muted: #a0a8b4; --line: #3a3f48;
    --champion: #56b4e9; --challenger: #f0a830; --good: #3ec9a0; --bad: #f58a4b; --warning: #e3bb55; --neutral: #9db8dc;
  }
}
@media print {
  :root {
    color-scheme: light;
    --page: #ffffff; --panel: #ffffff; --text: #000000; --muted: #444444; --line: #bbbbbb;
    --champion: #0072b2; --challenger: #e08a00; --good: #00634a; --bad: #a03c06; --warning: #7a5500; --neutral: #2f4a6d;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
h1 { margin: .1rem 0 .4rem; font-size: 1.75rem; line-height: 1.2; font-weight: 650; letter-spacing: -.01em; }
h2 { margin: 0 0 .4rem; font-size: 1.2rem; font-weight: 650; }
h3 { margin: 1.4rem 0 .3rem; font-size: 1rem; font-weight: 650; }
section { margin-top: 2.6rem; }
p { margin: .4rem 0; }
small, .hint { color: var(--muted); font-size: .82rem; }
code, pre { font: .86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
pre { margin: .4rem 0 .8rem; padding: .7rem .9rem; overflow-x: auto; background: var(--panel); border: 1px solid var(--line);
  border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
header { padding: 1.3rem 1.5rem; background: var(--panel); border: 1px solid var(--line); border-left: 6px solid var(--tone);
  border-radius: 8px; }
header .sign { margin-right: .55rem; color: var(--tone); }
.night { margin: 0; color: var(--muted); font-size: .85rem; }
.reason { font-size: 1.02rem; max-width: 52rem; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(11.5rem, 1fr)); gap: .8rem 1.2rem; margin: 1.1rem 0 0; }
.facts dt { color: var(--muted); font-size: .8rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.notes { margin: 1rem 0 0; padding-left: 1.2rem; color: var(--muted); font-size: .88rem; }
.good { --tone: var(--good); } .bad { --tone: var(--bad); } .warning { --tone: var(--warning); } .neutral { --tone: var(--neutral); }
td.good, td.bad, td.warning, td.neutral { color: var(--tone); white-space: nowrap; }
.passed { color: var(--good); } .missed { color: var(--bad); }
table { width: 100%; margin: .6rem 0; border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { padding: .38rem .7rem .38rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top;
  overflow-wrap: break-word; }
thead th { color: var(--muted); font-size: .8rem; font-weight: 500; vertical-align: bottom; }
thead tr:not(:last-child) th { border-bottom: 0; padding-bottom: 0; }
tbody th { font-weight: 500; }
th:has(> .swatch), td small.parts { white-space: nowrap; }
small.parts { display: block; }
tr.total th, tr.total td { font-weight: 650; }
tr.total small { font-weight: 400; }
.swatch { display: inline-block; width: .7em; height: .7em; margin-right: .35em; border-radius: 2px; background: var(--muted); }
.swatch.champion, i.champion { background: var(--champion); } .swatch.challenger, i.challenger { background: var(--challenger); }
.pale { opacity: .45; }
.legend span { margin-right: 1.2rem; font-size: .88rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: 1rem 2rem; }
figure { margin: .4rem 0 1rem; }
figcaption { color: var(--muted); font-size: .85rem; margin-bottom: .2rem; }
svg { display: block; width: 100%; height: auto; font-family: inherit; }
.neurons .panels { width: 29rem; }
.neurons thead .panels span { display: inline-block; width: 25%; }
.neurons img { display: block; width: 100%; image-rendering: pixelated; }
.ranks { margin: .3rem 0 0; }
.ranks span, .new { display: inline-block; padding: 0 .45em; border: 1px solid var(--line); border-radius: 1em; font-size: .74rem;
  color: var(--muted); white-space: nowrap; }
.loss { display: flex; align-items: center; gap: .6rem; min-width: 9rem; margin: .2rem 0; }
.loss .track { flex: 1; display: flex; height: .75rem; background: var(--panel); border-radius: 2px; }
.loss i { display: block; height: 100%; }
.loss b { font-weight: 500; }
.change { white-space: nowrap; }
.timeline .lane { width: 28%; }
.timeline td:nth-child(3) { white-space: nowrap; }
.lane i { display: block; height: .75rem; margin-top: .3rem; min-width: 2px; border-radius: 2px; background: var(--neutral); }
.next li { margin: .5rem 0; }
.digest { overflow-wrap: anywhere; }
@media (max-width: 44rem) { section { overflow-x: auto; } }
footer { margin-top: 3rem; color: var(--muted); font-size: .8rem; }
@page { margin: 14mm 12mm; }
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 9pt; }
  section { margin-top: 1.6rem; }
  .plots { grid-template-columns: 1fr 1fr; }
  .neurons .panels { width: 42%; }
  .history td, .history th { white-space: nowrap; }
  tr, figure, header, .next li { break-inside: avoid; }
  h2, h3, .legend, .hint { break-after: avoid; }
}
`;
