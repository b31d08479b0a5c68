/** The mainnet pool that lies beside the repository; tests that need it skip where it is absent. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AccountVersion } from '../../src/cache/types.js';
import { type Address, asAddress, asSlot } from '../../src/model/brands.js';

const FOLDER = fileURLToPath(new URL('../../../../shared/fixtures/raydium-cpmm', import.meta.url));

export const raydiumFixturePresent = existsSync(FOLDER);
export const RAYDIUM_FIXTURE_ABSENT = `no fixtures at ../shared/fixtures/raydium-cpmm: skipped`;

export interface FixtureAccount {
  readonly address: Address;
  readonly owner: Address;
  readonly lamports: bigint;
  readonly data: Uint8Array;
}

export function readFixture(name: string): FixtureAccount {
  const { pubkey, account } = JSON.parse(readFileSync(`${FOLDER}/${name}.json`, 'utf8')) as {
    pubkey: string;
    account: { lamports: number; owner: string; data: [string, string] };
  };
  return {
    address: asAddress(pubkey),
    owner: asAddress(account.owner),
    lamports: BigInt(account.lamports),
    data: new Uint8Array(Buffer.from(account.data[0], 'base64')),
  };
}

export function version(
  account: FixtureAccount,
  slot: number,
  writeVersion: number,
  txnSignature?: string,
): AccountVersion {
  const { address, owner, lamports, data } = account;
  return {
    address,
    owner,
    lamports,
    data,
    slot: asSlot(slot),
    writeVersion: BigInt(writeVersion),
    txnSignature,
  };
}
