/** Figures as people read them. */

const KNOWN_MINTS: { readonly [mint: string]: string } = {
  So11111111111111111111111111111111111111112: 'SOL',
  EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v: 'USDC',
  Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB: 'USDT',
};

export const NOTHING = '–';

/** The first and last four characters; well-known mints by their names. */
export const mintName = (mint: string): string => KNOWN_MINTS[mint] ?? shortKey(mint);

/** Still shorter, for a pair of mints. */
export const pairName = (one: string, other: string, between: string): string =>
  [one, other].map((mint) => KNOWN_MINTS[mint] ?? `${mint.slice(0, 4)}…`).join(between);

export const shortKey = (key: string): string =>
  key.length <= 10 ? key : `${key.slice(0, 4)}…${key.slice(-4)}`;

export function duration(us: number): string {
  if (us < 1_000) return `${Math.round(us)} µs`;
  if (us < 10_000) return `${(us / 1_000).toFixed(1)} ms`;
  if (us < 1_000_000) return `${Math.round(us / 1_000)} ms`;
  return `${(us / 1_000_000).toFixed(2)} s`;
}

export const integer = (value: number): string => value.toLocaleString('en-US');

/** A number and what is counted: `1 slot`, `2 slots`. */
export const counted = (value: number, plural: string): string =>
  `${integer(value)} ${value === 1 ? plural.replace(/s$/, '') : plural}`;

/** With one decimal always where there is room for it: a figure that comes and goes by one makes its line jump. */
export const rate = (value: number): string => (value < 100 ? value.toFixed(1) : integer(Math.round(value)));

export const percent = (share: number): string =>
  `${(share * 100).toFixed(share >= 0.9995 || share === 0 ? 0 : 1)} %`;

/** What a health check measured; milliseconds have a decimal while it says something, shares always. */
export function measured(value: number | string, unit: string | undefined): string {
  if (typeof value === 'string') return value;
  if (unit === 'ms') return `${value < 10 ? value.toFixed(1) : integer(Math.round(value))} ms`;
  if (unit === 'percent') return `${value.toFixed(1)} %`;
  return unit === undefined ? integer(value) : counted(value, unit);
}

/** Seconds, minutes, hours or days, whichever fits. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d`;
}

export const timeOfDay = (epochMs: number): string => new Date(epochMs).toLocaleTimeString('en-GB');

/** As wide as a digit, and as a point. */
const DIGIT_SPACE = '\u2007';
const POINT_SPACE = '\u2008';

/**
 * Base units as a decimal number with grouped thousands, zeros at its end included.
 * @param decimals of the mint; undefined shows the base units as they are
 * @param places at most that many after the point
 */
export function amount(baseUnits: string, decimals: number | undefined, places = 4): string {
  const isNegative = baseUnits.startsWith('-');
  const digits = isNegative ? baseUnits.slice(1) : baseUnits;
  const sign = isNegative ? '−' : '';
  if (decimals === undefined) return `${sign}${grouped(digits)}`;
  const padded = digits.padStart(decimals + 1, '0');
  const point = padded.length - decimals;
  const whole = padded.slice(0, point);
  // Where there is much before the point, what is behind it is noise.
  const most = whole.length > 6 ? 0 : whole.length > 3 ? 2 : places;
  const shown = Math.min(most, places, decimals);
  const fraction = padded.slice(point, point + shown);
  const isTiny = /^0*$/.test(whole + fraction) && /[1-9]/.test(digits);
  if (isTiny) return `${sign}<0.${'0'.repeat(Math.max(shown - 1, 0))}1`;
  return `${sign}${grouped(whole)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** The same for a column of them: as wide behind the point as the longest, so that the points stand below one another. */
export function amountInColumn(baseUnits: string, decimals: number | undefined, places = 4): string {
  const text = amount(baseUnits, decimals, places);
  const point = text.indexOf('.');
  if (point < 0) return text + POINT_SPACE + DIGIT_SPACE.repeat(places);
  return text + DIGIT_SPACE.repeat(Math.max(0, places - (text.length - point - 1)));
}

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ',');

/** A price to five significant digits. */
export function price(value: number): string {
  if (!Number.isFinite(value) || value === 0) return NOTHING;
  return value >= 1_000
    ? value.toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
    : value.toPrecision(5);
}
