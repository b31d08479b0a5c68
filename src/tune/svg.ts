/** The picture of a sweep: throughput and p95 against the limit of trades at once, with the chosen point. */
import { isSameProcess } from './recommend.js';
import type { Recommendation, TuneRow } from './types.js';

const WIDTH = 860;
const HEIGHT = 440;
const LEFT = 70;
const RIGHT = 80;
const TOP = 56;
const BOTTOM = 60;
const TICKS = 5;
const THROUGHPUT = '#1f6feb';
const LATENCY = '#d4572a';
const INK = '#24292f';

/** One line a rate and process; those on which the knee was looked for are drawn strong, the chosen point is ringed. */
export function svgOf(rows: readonly TuneRow[], chosen: Recommendation): string {
  const lines = linesOf(rows, chosen);
  const limits = [...new Set(rows.map(({ point }) => point.concurrency))].sort((a, b) => a - b);
  const mostThroughput = niceAbove(Math.max(...rows.map((row) => row.throughput)));
  const mostMs = niceAbove(Math.max(...rows.map((row) => row.intentToWireUs.p95)) / 1000);
  // Limits double from one to the next: by their logarithm they stand evenly.
  const x = (limit: number) => {
    const [low, high] = [Math.log2(limits[0]!), Math.log2(limits.at(-1)!)];
    const share = high === low ? 0.5 : (Math.log2(limit) - low) / (high - low);
    return LEFT + share * (WIDTH - LEFT - RIGHT);
  };
  const y = (share: number) => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  const parts = [
    ...axes(limits, x, y, mostThroughput, mostMs),
    ...lines.map(({ row, strong }) =>
      [
        path(
          row.map((one) => [x(one.point.concurrency), y(one.throughput / mostThroughput)]),
          THROUGHPUT,
          strong,
        ),
        path(
          row.map((one) => [x(one.point.concurrency), y(one.intentToWireUs.p95 / 1000 / mostMs)]),
          LATENCY,
          strong,
        ),
      ].join('\n'),
    ),
    mark(chosen, x, y),
    ...rings(rows, chosen).flatMap(({ point, throughput, intentToWireUs }) => [
      ring(x(point.concurrency), y(throughput / mostThroughput), THROUGHPUT),
      ring(x(point.concurrency), y(intentToWireUs.p95 / 1000 / mostMs), LATENCY),
    ]),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="${INK}" role="img" aria-label="Throughput and p95 against MAX_CONCURRENT_TRADES">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="24" font-size="15" font-weight="600">Throughput and p95 against trades at once</text>`,
    `<text x="${LEFT}" y="42" fill="${THROUGHPUT}">sent a second (left)</text>`,
    `<text x="${LEFT + 150}" y="42" fill="${LATENCY}">p95 intent to wire, ms (right)</text>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function linesOf(rows: readonly TuneRow[], chosen: Recommendation) {
  const groups = new Map<string, TuneRow[]>();
  for (const row of rows) {
    const { concurrency: _limit, ...rest } = row.point;
    const key = JSON.stringify(rest);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  // As in `recommend`: the first process with the chosen connections.
  const swept = rows.find(({ point }) => point.rpcPoolSize === chosen.rpcPoolSize)?.point;
  const rate = topRateOf(rows);
  return [...groups.values()].map((group) => {
    const { point } = group[0]!;
    const isSwept = swept !== undefined && point.stage === 1 && isSameProcess(point, swept);
    return {
      row: [...group].sort((a, b) => a.point.concurrency - b.point.concurrency),
      strong: isSwept && point.rate === rate,
    };
  });
}

const topRateOf = (rows: readonly TuneRow[]) => Math.max(...rows.map(({ point }) => point.rate));

/** What is recommended, as it was measured last: in the second stage, where there is one. */
function rings(rows: readonly TuneRow[], chosen: Recommendation): readonly TuneRow[] {
  const rate = topRateOf(rows);
  return rows
    .filter(
      ({ point }) =>
        point.rate === rate && point.concurrency === chosen.concurrency && isSameProcess(point, chosen),
    )
    .slice(-1);
}

const ring = (cx: number, cy: number, colour: string): string =>
  `<circle cx="${cx}" cy="${cy}" r="7" fill="none" stroke="${colour}" stroke-width="2"/>`;

function axes(
  limits: readonly number[],
  x: (limit: number) => number,
  y: (share: number) => number,
  mostThroughput: number,
  mostMs: number,
): string[] {
  const rules = Array.from({ length: TICKS + 1 }, (_, tick) => {
    const share = tick / TICKS;
    return [
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(share)}" y2="${y(share)}" stroke="#d8dee4"/>`,
      `<text x="${LEFT - 8}" y="${y(share) + 4}" text-anchor="end" fill="${THROUGHPUT}">${short(mostThroughput * share)}</text>`,
      `<text x="${WIDTH - RIGHT + 8}" y="${y(share) + 4}" fill="${LATENCY}">${short(mostMs * share)}</text>`,
    ].join('\n');
  });
  const names = limits.map(
    (limit) => `<text x="${x(limit)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${limit}</text>`,
  );
  const title = `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 14}" text-anchor="middle">MAX_CONCURRENT_TRADES</text>`;
  return [...rules, ...names, title];
}

function path(points: readonly (readonly [number, number])[], colour: string, strong: boolean): string {
  const dots = points.map(([px, py]) => `<circle cx="${px}" cy="${py}" r="3" fill="${colour}"/>`).join('');
  const line = points.map(([px, py], index) => `${index === 0 ? 'M' : 'L'}${px.toFixed(1)} ${py.toFixed(1)}`);
  const width = strong ? 2.5 : 1;
  const opacity = strong ? 1 : 0.35;
  return `<g opacity="${opacity}"><path d="${line.join(' ')}" fill="none" stroke="${colour}" stroke-width="${width}"/>${dots}</g>`;
}

function mark(chosen: Recommendation, x: (limit: number) => number, y: (share: number) => number): string {
  const at = x(chosen.concurrency);
  const label = `chosen: ${chosen.concurrency}, ${chosen.rpcPoolSize} connections, ${chosen.signing}, ${chosen.workers} workers`;
  const anchor = at > WIDTH / 2 ? 'end' : 'start';
  return [
    `<line x1="${at}" x2="${at}" y1="${y(0)}" y2="${y(1)}" stroke="${INK}" stroke-dasharray="4 4"/>`,
    `<text x="${at + (anchor === 'end' ? -6 : 6)}" y="${y(1) + 12}" text-anchor="${anchor}" font-weight="600">${label}</text>`,
  ].join('\n');
}

/** The next of 1, 2, 5 times a power of ten. */
function niceAbove(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? 10 * power;
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}
