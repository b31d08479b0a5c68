import { FilterError } from './filter-error.js';
import { checkMax, type FilterLimits } from './filter-limits.js';
import type { DataSliceMessage } from './request-types.js';

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Which parts of an account's data a subscriber wants; without any, all of it. */
export interface DataSlices {
  /** Equal for equal slices; empty for all data. */
  readonly key: string;
  readonly ranges: readonly Range[];
}

export const WHOLE_DATA: DataSlices = Object.freeze({ key: '', ranges: [] });

/** Checks that the slices ascend and do not overlap. Throws `FilterError`. */
export function compileDataSlices(messages: readonly DataSliceMessage[], limits: FilterLimits): DataSlices {
  if (messages.length === 0) return WHOLE_DATA;
  checkMax(messages.length, limits.dataSlicesMax);
  const ranges = messages.map(({ offset, length }) => ({
    start: Number(offset),
    end: Number(BigInt.asUintN(64, offset + length)),
  }));
  // The text begins like the common one on purpose: the real server says it twice here.
  for (const [index, range] of ranges.entries()) {
    if (ranges.slice(index + 1).some((later) => range.start > later.start)) {
      throw new FilterError('failed to create filter: data slices out of order');
    }
    if (ranges.slice(0, index).some((earlier) => range.start < earlier.end)) {
      throw new FilterError('failed to create filter: data slices overlapped');
    }
  }
  return { key: ranges.map(({ start, end }) => `${start}-${end}`).join(), ranges };
}

/** The wanted parts in one piece. A slice that reaches beyond the data is dropped whole. */
export function sliceData(data: Uint8Array, { ranges }: DataSlices): Uint8Array {
  if (ranges.length === 0) return data;
  const inside = ranges.filter(({ start, end }) => start <= end && end <= data.length);
  if (inside.length === 1) return data.subarray(inside[0]!.start, inside[0]!.end);
  return Buffer.concat(inside.map(({ start, end }) => data.subarray(start, end)));
}
