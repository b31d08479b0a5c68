/** Which content type a client wants, by its Accept header (RFC 9110, 12.5.1). */

/** Longest Accept header that is looked at, characters. */
const MAX_ACCEPT_LENGTH = 1_024;

/**
 * @param offered in our order of preference, at least one
 * @returns the one of the highest quality, ours first among equals; the first where nothing else fits
 */
export function preferredType<Type extends string>(accept: string, offered: readonly Type[]): Type {
  const ranges = accept
    .slice(0, MAX_ACCEPT_LENGTH)
    .split(',')
    .map((part) =>
      part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/),
    );
  let best = offered[0]!;
  let bestQuality = 0;
  for (const type of offered) {
    const quality = qualityOf(type, ranges);
    if (quality > bestQuality) {
      best = type;
      bestQuality = quality;
    }
  }
  return best;
}

/** Of the most specific range that covers the type; 0 where none does. */
function qualityOf(type: string, ranges: readonly string[][]): number {
  const wildcard = `${type.slice(0, type.indexOf('/'))}/*`;
  for (const wanted of [type, wildcard, '*/*']) {
    const range = ranges.find(([name]) => name === wanted);
    if (range === undefined) continue;
    const weight = range.find((parameter) => parameter.startsWith('q='));
    const quality = weight === undefined ? 1 : Number(weight.slice('q='.length));
    return Number.isFinite(quality) ? quality : 0;
  }
  return 0;
}
