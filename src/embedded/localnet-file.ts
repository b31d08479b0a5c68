/** `localnet.json` in the data directory: where the embedded cluster is, for the next executor and for commands. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile, systemFs } from '../journal/journal-fs.js';
import { asAddress } from '../model/brands.js';

const FILE = 'localnet.json';

const address = z.string().transform(asAddress);

/** The first line that the cluster prints, the parts that are read here. */
export const localnetInfoSchema = z.object({
  rpcUrl: z.string(),
  wsUrl: z.string(),
  grpcEndpoint: z.string(),
  adminUrl: z.string(),
  /** Absent in the file of a cluster from before it served Jupiter's API. */
  jupiterUrl: z.string().optional(),
  genesisHash: z.string(),
  pid: z.number(),
  pools: z.array(z.object({ address, token0Mint: address, token1Mint: address })),
  mints: z.array(z.object({ address, symbol: z.string(), decimals: z.number() })),
  lookupTables: z.array(address),
});

export type LocalnetInfo = z.output<typeof localnetInfoSchema>;

const fileSchema = z.object({
  /** LOCALNET_ARGS that it was started with: another cluster is wanted where they are others now. */
  settings: z.string(),
  info: localnetInfoSchema,
});

export type LocalnetFile = z.output<typeof fileSchema>;

export function writeLocalnetFile(dataDir: string, file: LocalnetFile): void {
  replaceFile(systemFs, dataDir, join(dataDir, FILE), Buffer.from(`${JSON.stringify(file, null, 2)}\n`));
}

export function removeLocalnetFile(dataDir: string): void {
  rmSync(join(dataDir, FILE), { force: true });
}

/** Undefined where there is none that can be read. The cluster that it names may be gone. */
export function readLocalnetFile(dataDir: string): LocalnetFile | undefined {
  let text: string;
  try {
    text = readFileSync(join(dataDir, FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const parsed = fileSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
