import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { base58 } from '@scure/base';
import type { Command } from 'commander';
import { roleOf } from '../../keys/key-names.js';
import type { SigningKey } from '../../keys/signing-key.js';
import { LAMPORT_DECIMALS, wholeUnits } from '../amounts.js';
import { type CommandChain, withChain } from '../chain.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment, type Environment } from '../environment.js';
import { keysInUse } from '../executor-keys.js';
import { EXIT } from '../exit-codes.js';
import { openConfiguredKeystore } from '../key-files.js';
import { withProgress } from '../output.js';

const CHALLENGE_BYTES = 64;
const SIGNATURE_BYTES = 64;
/** SubjectPublicKeyInfo of Ed25519 (RFC 8410) before the 32 bytes of the key. */
const SPKI_HEADER = Buffer.from('302a300506032b6570032100', 'hex');

/** Proves that the key signs, is funded, and is the one in use. */
export function keysVerifyCommand(): Command {
  return defineCommand(
    'verify <name>',
    'prove that a key signs, is funded, and is the one that the executor uses',
    (_options, name) => {
      const environment = commandEnvironment();
      return withChain(environment, (chain) =>
        withProgress('Verifying', verifyKey(environment, chain, name!)),
      );
    },
  );
}

async function verifyKey(
  environment: Environment,
  chain: CommandChain,
  name: string,
): Promise<CommandResult> {
  const { config, reader } = chain;
  const keystore = await openConfiguredKeystore(config);
  const key = keystore.load(name);
  try {
    const { address } = key;
    const signs = provesItself(key);
    const { accounts } = await reader.accounts([address], 'confirmed');
    const lamports = accounts[0]?.lamports ?? 0n;
    const isFunded = lamports >= config.MIN_WALLET_LAMPORTS;
    const inUse = await keysInUse(environment, config);
    const trades = roleOf(name) === 'trading';
    const used = inUse?.find((one) => one.name === name);
    // The master key is not for trading: in no executor it is where it should be.
    const isUsed = trades ? used?.address === address && used.state === 'active' : used === undefined;
    const isWell = signs && isFunded && isUsed;
    const use = trades
      ? isUsed
        ? 'is the one in use'
        : inUse === undefined
          ? 'is not in use: no executor runs'
          : 'is not the one in use: run config:update-keys'
      : 'is not for trading';
    return {
      exitCode: isWell ? EXIT.ok : EXIT.bad,
      json: {
        name,
        address,
        signs,
        lamports,
        funded: isFunded,
        inUse: trades && isUsed,
        backend: key.backend,
      },
      lines: [
        `${name} ${address}`,
        signs ? 'signs' : 'does not sign',
        `${isFunded ? 'is funded' : 'has too little'}: ${wholeUnits(lamports, LAMPORT_DECIMALS)} SOL`,
        use,
      ],
    };
  } finally {
    key.wipe();
    keystore.close();
  }
}

/** A signature over random bytes, checked by another library and against the address alone. */
function provesItself(key: SigningKey): boolean {
  const challenge = randomBytes(CHALLENGE_BYTES);
  const signature = new Uint8Array(SIGNATURE_BYTES);
  key.signInto(challenge, 0, CHALLENGE_BYTES, signature);
  const der = Buffer.concat([SPKI_HEADER, base58.decode(key.address)]);
  return verify(null, challenge, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
}
