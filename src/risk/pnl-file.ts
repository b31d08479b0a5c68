/** The file of the profit and loss: one line of JSON, amounts as decimal text. */
import type { Address, Signature } from '../model/brands.js';
import type { MintAmounts } from './balance-changes.js';

/** What is in the book of a landing that may still be undone. */
export interface RevocableFacts {
  /** Days since the epoch, by UTC. */
  readonly day: number;
  /** The highest total before it was counted, without what was taken back since. */
  readonly peakBeforeQuote: bigint;
  readonly changes: MintAmounts;
}

interface PnlFile {
  readonly version: 1;
  readonly day: number;
  readonly dayStartQuote: string;
  readonly peakQuote: string;
  readonly flows: readonly (readonly [Address, string])[];
  readonly counted: readonly Signature[];
  /** Absent in files of older versions. */
  readonly revocable?: readonly RevocableEntry[];
}

/** Mints by their place in `flows`, for the file's length. */
type RevocableEntry = readonly [
  Signature,
  day: number,
  peakBefore: string,
  changes: readonly (readonly [mintIndex: number, amount: string])[],
];

interface PnlHead {
  readonly day: number;
  readonly dayStartQuote: bigint;
  readonly peakQuote: bigint;
  readonly flows: ReadonlyMap<Address, bigint>;
}

/** Entries a piece: it is put together and written in less than a millisecond. */
const ENTRIES_A_PIECE = 512;

/**
 * The file, piece by piece, so that whoever writes it can let others in between: there may be thousands of landings in
 * it, and the trades wait meanwhile. Their texts were made once a landing (`revocableText`).
 */
export function* encodePnl(
  book: PnlHead & { readonly counted: readonly Signature[]; readonly revocable: readonly string[] },
): Generator<Buffer, void> {
  const head = {
    version: 1,
    day: book.day,
    dayStartQuote: book.dayStartQuote.toString(),
    peakQuote: book.peakQuote.toString(),
    flows: [...book.flows].map(([mint, amount]) => [mint, amount.toString()] as const),
  } satisfies Partial<PnlFile>;
  yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},"counted":[`);
  // Base58 has nothing that JSON would escape.
  yield* inPieces(book.counted, (slice) => `"${slice.join('","')}"`);
  yield Buffer.from('],"revocable":[');
  yield* inPieces(book.revocable, (slice) => slice.join(','));
  yield Buffer.from(']}\n');
}

function* inPieces(
  entries: readonly string[],
  join: (slice: readonly string[]) => string,
): Generator<Buffer, void> {
  for (let start = 0; start < entries.length; start += ENTRIES_A_PIECE) {
    const text = join(entries.slice(start, start + ENTRIES_A_PIECE));
    yield Buffer.from(start === 0 ? text : `,${text}`);
  }
}

/** A landing as it stands in the file. @param indexOf a mint's place in `flows` */
export function revocableText(
  signature: Signature,
  { day, peakBeforeQuote, changes }: RevocableFacts,
  indexOf: (mint: Address) => number,
): string {
  const entry: RevocableEntry = [
    signature,
    day,
    peakBeforeQuote.toString(),
    [...changes].map(([mint, amount]) => [indexOf(mint), amount.toString()] as const),
  ];
  return JSON.stringify(entry);
}

/** @throws Error where it is not understood: a loss limit must not start from nothing */
export function decodePnl(
  bytes: Buffer,
  path: string,
): PnlHead & {
  readonly counted: readonly Signature[];
  readonly revocable: readonly (readonly [Signature, RevocableFacts])[];
} {
  const file = JSON.parse(bytes.toString('utf8')) as PnlFile;
  if (file.version !== 1) throw new Error(`${path} has a form that is not known`);
  const changesOf = (entries: RevocableEntry[3]): MintAmounts =>
    new Map(entries.map(([index, amount]) => [file.flows[index]![0], BigInt(amount)]));
  return {
    day: file.day,
    dayStartQuote: BigInt(file.dayStartQuote),
    peakQuote: BigInt(file.peakQuote),
    flows: new Map(file.flows.map(([mint, amount]) => [mint, BigInt(amount)])),
    counted: file.counted,
    revocable: (file.revocable ?? []).map(([signature, day, peakBefore, entries]) => [
      signature,
      { day, peakBeforeQuote: BigInt(peakBefore), changes: changesOf(entries) },
    ]),
  };
}
