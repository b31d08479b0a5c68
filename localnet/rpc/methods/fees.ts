/** Fees: what a message would cost, and what others have paid. */
import { computeBudgetOf } from '../../engine/compute-budget.js';
import { checkLookups } from '../check-lookups.js';
import type { Method } from '../context.js';
import { selectView, withContext } from '../context.js';
import { checkPubkey } from '../encode/base.js';
import { decodeMessage } from '../encode/decode-transaction.js';
import { invalidParams } from '../errors.js';
import { readArguments, readConfig, readString, readStrings } from '../params.js';

const PRIORITY_FEE_ACCOUNTS_MAX = 128;

/** Null where the message's hash is not valid, or its budget could not be executed. */
const getFeeForMessage: Method = (params, { ledger }) => {
  const [text, config] = readArguments(params, 1, 2);
  const message = decodeMessage(readString(text));
  const view = selectView(ledger, readConfig(config, 'RpcContextConfig'));
  checkLookups(ledger, message, view.commitment, 'invalid transaction message');
  const computed = computeBudgetOf(message);
  const payable = 'budget' in computed && ledger.isBlockhashValid(message.recentBlockhash, view.commitment);
  return withContext(view.slot, payable ? computed.budget.fee : null);
};

const getRecentPrioritizationFees: Method = (params, { ledger }) => {
  const [addresses] = readArguments(params, 0, 1);
  const texts = addresses === undefined || addresses === null ? [] : readStrings(addresses);
  if (texts.length > PRIORITY_FEE_ACCOUNTS_MAX) {
    throw invalidParams(`Too many inputs provided; max ${PRIORITY_FEE_ACCOUNTS_MAX}`);
  }
  return ledger
    .recentPrioritizationFees(texts.map(checkPubkey))
    .map(({ slot, prioritizationFee }) => ({ prioritizationFee, slot }));
};

export const feeMethods: Readonly<Record<string, Method>> = { getFeeForMessage, getRecentPrioritizationFees };
