/** What is written to a Subscribe stream, with the Yellowstone package's own codecs. */
import type { SubscribeRequest } from '@triton-one/yellowstone-grpc';
import type { Slot } from '../model/brands.js';
import type { StreamSubscription } from './types.js';
import { yellowstone } from './yellowstone-package.js';

/** Name of each filter; an update says which of them it matched. */
const FILTER = 'hotslot';

/** A request with every map that a server looks for, and nothing subscribed to. */
function emptyRequest(): SubscribeRequest {
  return {
    accounts: {},
    slots: {},
    transactions: {},
    transactionsStatus: {},
    blocks: {},
    blocksMeta: {},
    entry: {},
    accountsDataSlice: [],
  };
}

/**
 * Everything the executor follows, at processed: every slot with its inter-slot statuses (they tell a slot that
 * was seen from its start), every block's meta, the accounts, and the wallets' transactions, failed ones included.
 * @param fromSlot replay starts here; undefined for none
 */
export function subscribeRequest(subscription: StreamSubscription, fromSlot?: Slot): Uint8Array {
  const request = emptyRequest();
  request.commitment = yellowstone.CommitmentLevel.PROCESSED;
  request.slots[FILTER] = { filterByCommitment: false, interslotUpdates: true };
  request.blocksMeta[FILTER] = {};
  // An empty list would match every account of the cluster: no list, no filter.
  if (subscription.accounts.length > 0) {
    request.accounts[FILTER] = { account: [...subscription.accounts], owner: [], filters: [] };
  }
  if (subscription.wallets.length > 0) {
    request.transactions[FILTER] = {
      vote: false,
      accountInclude: [...subscription.wallets],
      accountExclude: [],
      accountRequired: [],
    };
  }
  if (fromSlot !== undefined) request.fromSlot = String(fromSlot);
  return yellowstone.SubscribeRequest.encode(request).finish();
}

/** A server answers a request with `ping` set by a pong and ignores its filters: they may be left empty. */
export function pingRequest(id: number): Uint8Array {
  const request = emptyRequest();
  request.ping = { id };
  return yellowstone.SubscribeRequest.encode(request).finish();
}
