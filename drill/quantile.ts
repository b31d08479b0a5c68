/** The value at or above which the share lies (nearest rank), to a hundredth; 0 for no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(Math.ceil(share * sorted.length), 1);
  return Math.round((sorted[rank - 1] ?? 0) * 100) / 100;
}
