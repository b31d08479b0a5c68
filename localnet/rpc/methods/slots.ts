/** Slots, heights and blockhashes. */
import type { Method } from '../context.js';
import { selectView, withContext } from '../context.js';
import { checkHash } from '../encode/base.js';
import { readArguments, readConfig, readString } from '../params.js';

const getSlot: Method = (params, { ledger }) => {
  const [config] = readArguments(params, 0, 1);
  return selectView(ledger, readConfig(config, 'RpcContextConfig')).slot;
};

const getBlockHeight: Method = (params, { ledger }) => {
  const [config] = readArguments(params, 0, 1);
  return ledger.blockHeight(selectView(ledger, readConfig(config, 'RpcContextConfig')).commitment);
};

const getTransactionCount: Method = (params, { ledger }) => {
  const [config] = readArguments(params, 0, 1);
  return ledger.transactionCount(selectView(ledger, readConfig(config, 'RpcContextConfig')).commitment);
};

const getLatestBlockhash: Method = (params, { ledger }) => {
  const [config] = readArguments(params, 0, 1);
  const view = selectView(ledger, readConfig(config, 'RpcContextConfig'));
  const { blockhash, lastValidBlockHeight } = ledger.latestBlockhash(view.commitment);
  return withContext(view.slot, { blockhash, lastValidBlockHeight });
};

const isBlockhashValid: Method = (params, { ledger }) => {
  const [text, config] = readArguments(params, 1, 2);
  const blockhash = checkHash(readString(text));
  const view = selectView(ledger, readConfig(config, 'RpcContextConfig'));
  return withContext(view.slot, ledger.isBlockhashValid(blockhash, view.commitment));
};

const getFirstAvailableBlock: Method = (params, { ledger }) => {
  readArguments(params, 0, 0);
  return ledger.firstAvailableBlock();
};

export const slotMethods: Readonly<Record<string, Method>> = {
  getSlot,
  getBlockHeight,
  getTransactionCount,
  getLatestBlockhash,
  isBlockhashValid,
  getFirstAvailableBlock,
  minimumLedgerSlot: getFirstAvailableBlock,
};
