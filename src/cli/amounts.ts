/** Base units as people read them. */
export function wholeUnits(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const rest = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return rest === '' ? whole : `${whole}.${rest}`;
}

/** Amounts with room behind them, so that the points of a column that ends to the right are below one another. */
export function atOnePoint(amounts: readonly string[]): string[] {
  const behind = (text: string) => (text.includes('.') ? text.length - text.indexOf('.') : 0);
  const widest = Math.max(0, ...amounts.map(behind));
  return amounts.map((text) => text + ' '.repeat(widest - behind(text)));
}

export const LAMPORT_DECIMALS = 9;

const PRICE_DIGITS = 6;
const priceFormat = new Intl.NumberFormat('en-US', {
  maximumSignificantDigits: PRICE_DIGITS,
  useGrouping: false,
});

/** A price in the digits that mean something, and never with an exponent. */
export const significant = (price: number): string => priceFormat.format(price);
