/** Base units as people read them. */
export function wholeUnits(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const rest = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return rest === '' ? whole : `${whole}.${rest}`;
}

export const LAMPORT_DECIMALS = 9;

const PRICE_DIGITS = 6;
const priceFormat = new Intl.NumberFormat('en-US', {
  maximumSignificantDigits: PRICE_DIGITS,
  useGrouping: false,
});

/** A price in the digits that mean something, and never with an exponent. */
export const significant = (price: number): string => priceFormat.format(price);
