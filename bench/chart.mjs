// The chart for the README: how near each server comes to a bare echo, as SVG that follows the reader's light or dark.

const WIDTH = 760;
const LABELS = 350;
const BAR = 11;
const GROUP = 2 * BAR + 14;
const TOP = 58;
const SCALE = WIDTH - LABELS - 60;

const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .small { font-size: 11px } .ours { font-weight: 600 }
  .one { fill: #8c959f } .many { fill: #57606a }
  .ours.one { fill: #54aeff } .ours.many { fill: #0969da }
  line { stroke: #d0d7de }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .one { fill: #6e7681 } .many { fill: #9ea7b3 }
    .ours.one { fill: #1f6feb } .ours.many { fill: #79c0ff } line { stroke: #30363d }
  }`;

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function bar(y, share, kind, ours) {
  if (share === undefined) return '';
  const width = Math.max(1, Math.min(share, 1.1) * SCALE).toFixed(1);
  return [
    `<rect class="${kind}${ours}" x="${LABELS}" y="${y}" width="${width}" height="${BAR}" rx="2"/>`,
    `<text class="small" x="${LABELS + Number(width) + 6}" y="${y + BAR - 1}">${share.toFixed(share < 0.1 ? 3 : 2)}</text>`,
  ].join('');
}

// Each bar has a title, whether it is ours, and two shares: with 1 in flight and with 16.
export function chartOf(bars) {
  const height = TOP + bars.length * GROUP + 10;
  const groups = bars.map(({ title, ours, shares: [one, many] }, index) => {
    const y = TOP + index * GROUP;
    const mark = ours ? ' ours' : '';
    return [
      `<text class="${mark.trim()}" x="${LABELS - 10}" y="${y + BAR + 5}" text-anchor="end">${escape(title)}</text>`,
      bar(y, one, 'one', mark),
      bar(y + BAR + 2, many, 'many', mark),
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>Messages a second beside a bare echo</title>
<style>${style}
</style>
<text class="ours" x="10" y="22">Messages a second, as a share of a bare epoll echo</text>
<rect class="one" x="${LABELS}" y="34" width="${BAR}" height="${BAR}" rx="2"/>
<text class="small" x="${LABELS + 17}" y="44">1 in flight on each of 64 connections</text>
<rect class="many" x="${LABELS + 225}" y="34" width="${BAR}" height="${BAR}" rx="2"/>
<text class="small" x="${LABELS + 242}" y="44">16 in flight</text>
<line x1="${LABELS + SCALE}" y1="${TOP - 6}" x2="${LABELS + SCALE}" y2="${height - 8}"/>
${groups.join('\n')}
</svg>
`;
}
