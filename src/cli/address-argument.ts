import { base58 } from '@scure/base';
import { HotslotError } from '../errors/hotslot-error.js';
import { ADDRESS_PATTERN, type Address, asAddress } from '../model/brands.js';

const ADDRESS_BYTES = 32;

/** An address that was typed: whole, so that no node has to refuse it in its own words. @throws HotslotError ADDRESS_INVALID */
export function addressArgument(text: string): Address {
  if (!ADDRESS_PATTERN.test(text) || base58.decode(text).length !== ADDRESS_BYTES)
    throw new HotslotError('ADDRESS_INVALID', { detail: `It must be base58 of 32 bytes: ${text}` });
  return asAddress(text);
}
