/** The keystore's file, version 1: JSON with hexadecimal fields. Names and addresses are readable, seeds are not. */
import { z } from 'zod';

const hex = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));

const recordSchema = z.strictObject({
  name: z.string(),
  address: z.string(),
  /** Of HKDF. */
  salt: hex(16),
  nonce: hex(12),
  /** The encrypted 32-byte seed. */
  data: hex(32),
  tag: hex(16),
});

export const keystoreFileSchema = z.strictObject({
  format: z.literal('hotslot-keystore'),
  version: z.literal(1),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    N: z
      .number()
      .int()
      .min(2)
      .max(2 ** 20),
    r: z.number().int().min(1).max(32),
    p: z.number().int().min(1).max(16),
    salt: hex(32),
  }),
  /** Thirty-two zeros, encrypted: proves the passphrase of an empty keystore too. */
  check: recordSchema,
  keys: z.array(recordSchema).max(1024),
});

export type EncryptedRecord = z.infer<typeof recordSchema>;
export type KeystoreFile = z.infer<typeof keystoreFileSchema>;
