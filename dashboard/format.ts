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

export const rate = (value: number): string =>
  value < 100 && !Number.isInteger(value) ? value.toFixed(1) : integer(Math.round(value));

export const percent = (share: number): string =>
  `${(share * 100).toFixed(share >= 0.9995 || share === 0 ? 0 : 1)} %`;

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

/**
 * Base units as a decimal number with thin groups.
 * @param decimals of the mint; undefined shows the base units as they are
 * @param places at most that many after the point
 */
export function amount(baseUnits: string, decimals: number | undefined, places = 4): string {
  const isNegative = baseUnits.startsWith('-');
  const digits = isNegative ? baseUnits.slice(1) : baseUnits;
  const sign = isNegative ? '−' : '';
  if (decimals === undefined) return `${sign}${grouped(digits)}`;
  const padded = digits.padStart(decimals + 1, '0');
  const whole = padded.slice(0, padded.length - decimals);
  // Where there is much before the point, what is behind it is noise.
  const shown = whole.length > 6 ? 0 : Math.min(places, whole.length > 3 ? 2 : places);
  const point = padded.length - decimals;
  const fraction = padded.slice(point, point + shown).replace(/0+$/, '');
  const isTiny = whole === '0' && fraction === '' && /[1-9]/.test(digits);
  if (isTiny) return `${sign}<0.${'0'.repeat(places - 1)}1`;
  return `${sign}${grouped(whole)}${fraction === '' ? '' : `.${fraction}`}`;
}

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ',');

/** A price to five significant digits. */
export function price(value: number): string {
  if (!Number.isFinite(value) || value === 0) return NOTHING;
  return value >= 1_000
    ? value.toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
    : value.toPrecision(5);
}
