/** The picture of a soak: resident memory, heap, and the history's mapped pages over time. */
import type { MemorySample } from './slope.js';

const WIDTH = 860;
const HEIGHT = 320;
const LEFT = 60;
const RIGHT = 20;
const TOP = 50;
const BOTTOM = 44;
const TICKS = 4;
const INK = '#24292f';
const LINES = [
  { of: 'resident', name: 'resident', colour: '#1f6feb' },
  { of: 'history', name: 'history', colour: '#8a8f98' },
  { of: 'heapUsed', name: 'heap used', colour: '#d4572a' },
] as const;

export function memorySvg(samples: readonly MemorySample[]): string {
  const first = samples[0]?.atMs ?? 0;
  const spanMs = Math.max(1, (samples.at(-1)?.atMs ?? 1) - first);
  const most = 2 ** Math.ceil(Math.log2(Math.max(1, ...samples.map(({ rss }) => rss / 2 ** 20))));
  const x = (atMs: number) => LEFT + ((atMs - first) / spanMs) * (WIDTH - LEFT - RIGHT);
  const y = (mb: number) => HEIGHT - BOTTOM - (mb / most) * (HEIGHT - TOP - BOTTOM);
  const rules = Array.from({ length: TICKS + 1 }, (_, tick) => {
    const mb = (most * tick) / TICKS;
    return (
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(mb)}" y2="${y(mb)}" stroke="#d8dee4"/>` +
      `<text x="${LEFT - 8}" y="${y(mb) + 4}" text-anchor="end">${mb}</text>`
    );
  });
  const curves = LINES.map(({ of, colour }) => {
    const points = samples.map((one) => `${x(one.atMs).toFixed(1)},${y(one[of] / 2 ** 20).toFixed(1)}`);
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
  });
  const legend = LINES.map(
    ({ name, colour }, index) => `<text x="${LEFT + index * 110}" y="40" fill="${colour}">${name}</text>`,
  );
  const minutes = (spanMs / 60_000).toFixed(spanMs < 600_000 ? 1 : 0);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="${INK}" role="img" aria-label="Memory under load over time">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="22" font-size="15" font-weight="600">The executor's memory, MB, over ${minutes} minutes of load</text>`,
    ...legend,
    ...rules,
    ...curves,
    `<text x="${LEFT}" y="${HEIGHT - 16}">0</text>`,
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 16}" text-anchor="end">${minutes} min</text>`,
    '</svg>',
    '',
  ].join('\n');
}
