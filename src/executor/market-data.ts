/** The life of a pool update, wired: stream → cache → pool book → board. */
import { HotCache } from '../cache/hot-cache.js';
import type { FetchAccounts } from '../cache/refetcher.js';
import type { AttemptTracker } from '../confirm/attempt-tracker.js';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Log } from '../logging/log.js';
import { PoolBook } from '../market/pool-book.js';
import type { PoolKeys } from '../market/types.js';
import { type Address, asSlot, type Slot } from '../model/brands.js';
import type { Holding } from '../risk/positions.js';
import type { TradingWallet } from '../schedule/wallet-chooser.js';
import { type ChainReader, MAX_ACCOUNTS_A_CALL } from '../send/chain-reader.js';
import { RESUME_OVERLAP_SLOTS } from '../stream/continuity.js';
import { fanOut } from '../stream/fan-out.js';
import type { StreamRecorder } from '../stream/recorder.js';
import { type EndpointStatus, type StreamGuard, StreamSet } from '../stream/stream-set.js';
import type { StreamSink, StreamStatus, StreamSubscription, TransactionUpdate } from '../stream/types.js';
import { YellowstoneStream } from '../stream/yellowstone-stream.js';
import { BoardFeed } from '../threads/board-feed.js';
import { SharedBoard } from '../threads/shared-board.js';
import type { Clock } from '../time/clock.js';
import type { Random } from '../time/random.js';
import { associatedTokenAddress } from '../transaction/associated-token.js';
import { type Endpoints, streamNames } from './endpoints.js';
import type { StrangerWatch } from './stranger-watch.js';

/** Mainnet's epoch length; it decides only which Token-2022 transfer fee is in force. */
const SLOTS_AN_EPOCH = 432_000;
const POOL_READ_RETRY_MS = 500;
/** Of more that come before the desk stands the oldest are dropped: polling finds what became of ours. */
const MAX_HELD_TRANSACTIONS = 4_096;

export interface MarketDataOptions {
  readonly endpoints: Endpoints;
  readonly reader: ChainReader;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly maxStreamAgeMs: number;
  /** Slots that the stream from which accounts are taken may be behind the first. */
  readonly maxStreamLagSlots: number;
  readonly streamGuard: StreamGuard;
  /** Hears the first endpoint's raw stream and every account that is read over RPC. */
  readonly recorder?: StreamRecorder | undefined;
}

export class MarketData {
  readonly cache: HotCache;
  readonly book: PoolBook;
  readonly board: SharedBoard;
  readonly feed: BoardFeed;
  readonly #options: MarketDataOptions;
  readonly #streams: StreamSet;
  #streamStatus: StreamStatus = 'down';
  #closed = false;
  /** Confirmed slot at which the pools were read. */
  #readAt: Slot | undefined;
  readonly #ours = new Set<Address>();
  /** Accounts of the wallets that it began with of which nothing was known at the last look. */
  #unread: Address[] = [];
  #tracked: Address[] = [];
  #tracker: AttemptTracker | undefined;
  #strangers: StrangerWatch | undefined;
  /** Transactions of our wallets that came before anybody followed them; undefined once they were told. */
  #heldTransactions: TransactionUpdate[] | undefined = [];

  constructor(options: MarketDataOptions) {
    this.#options = options;
    const { clock, random, log } = options;
    this.cache = new HotCache({
      clock,
      random,
      fetch: this.#fetchAccounts(),
      onFetchError: (error) => log.warn('accounts could not be fetched; trying on', { error }),
    });
    this.book = new PoolBook({
      accounts: this.cache,
      epochOf: (slot) => BigInt(Math.floor(slot / SLOTS_AN_EPOCH)),
    });
    this.board = SharedBoard.create();
    this.board.setMaxStreamAgeMs(options.maxStreamAgeMs);
    this.cache.addListener(this.book);
    this.feed = new BoardFeed(this.board, this.cache.slots, this.book);
    this.cache.addListener(this.feed);
    // The head may be known before the accounts are there: a pool gets younger also between two heads.
    this.cache.addListener({
      onArmed: () => this.feed.refreshAges(),
      onSlotComplete: () => this.feed.refreshAges(),
    });
    this.#streams = this.#createStreams();
  }

  /** The stream that was first with what is being told now, for evidence. */
  get streamName(): string {
    return this.#streams.teller;
  }

  /** Each Yellowstone endpoint as it stands. */
  streamEndpoints(): EndpointStatus[] {
    return this.#streams.endpoints();
  }

  get streamStatus(): StreamStatus {
    return this.#streamStatus;
  }

  /**
   * Reads the pools, asking until a node answers.
   * @throws HotslotError POOL_UNKNOWN for an address that is no pool of a known venue
   */
  async loadPools(): Promise<PoolKeys[]> {
    const { endpoints, reader, log, recorder } = this.#options;
    const loaded: PoolKeys[] = [];
    for (let start = 0; start < endpoints.pools.length; ) {
      const addresses = endpoints.pools.slice(start, start + MAX_ACCOUNTS_A_CALL);
      try {
        const { accounts, contextSlot } = await reader.accounts(addresses, 'confirmed');
        recorder?.onFetched({ contextSlot, addresses, accounts });
        this.#readAt ??= contextSlot;
        loaded.push(...addresses.map((pool, index) => this.#addPool(pool, accounts[index])));
        start += addresses.length;
      } catch (error) {
        if (this.#closed || (error instanceof HotslotError && error.code === 'POOL_UNKNOWN')) throw error;
        log.warn('the pools could not be read; trying on', { error });
        await new Promise<void>((resolve) => this.#options.clock.after(POOL_READ_RETRY_MS, resolve));
      }
    }
    return loaded;
  }

  /** Every token account that our wallets may hold of the pools' mints. */
  holdingsOf(wallets: readonly Address[]): Holding[] {
    const programs = new Map<Address, Address>();
    for (const keys of this.book.pools()) {
      programs.set(keys.mint0, keys.tokenProgram0).set(keys.mint1, keys.tokenProgram1);
    }
    return wallets.flatMap((wallet) =>
      [...programs].map(([mint, program]) => ({
        wallet,
        mint,
        tokenAccount: associatedTokenAddress(wallet, mint, program),
      })),
    );
  }

  /** These hear of our wallets' transactions, from `tellHeldTransactions` on. */
  follow(tracker: AttemptTracker, strangers: StrangerWatch): void {
    this.#tracker = tracker;
    this.#strangers = strangers;
    this.cache.addListener(tracker);
  }

  /** Call once the trades of the last life are known: what came until now is told, and from now on all as it comes. */
  tellHeldTransactions(): void {
    const held = this.#heldTransactions ?? [];
    this.#heldTransactions = undefined;
    for (const update of held) this.#tellTransaction(update);
  }

  /**
   * Subscribes to pools, wallets, their token accounts and the lookup tables. A replay brings the confirmed slots that
   * a blockhash and the accounts can be taken from, so that no new one has to be waited for.
   */
  start(holdings: readonly Holding[], wallets: readonly TradingWallet[]): void {
    this.#track([...this.book.watchedAccounts(), ...this.#options.endpoints.lookupTables]);
    this.#unread = this.#trackWallets(holdings, wallets);
    const fromSlot =
      this.#readAt === undefined ? undefined : asSlot(Math.max(0, this.#readAt - RESUME_OVERLAP_SLOTS));
    this.#streams.start(fanOut(this.cache, this.#follower()), this.#subscription(), fromSlot);
  }

  /** Subscribes to more wallets while the stream runs; what they hold is read from the chain at once. */
  addWallets(holdings: readonly Holding[], wallets: readonly TradingWallet[]): void {
    this.#trackWallets(holdings, wallets);
    this.#streams.resubscribe(this.#subscription());
  }

  /** Whether every pool is fresh and a blockhash is known: what the first trade needs. */
  isWarm(maxPoolAgeSlots: number): boolean {
    const pools = this.book.pools();
    return (
      pools.length > 0 &&
      this.cache.blockhashes.newest() !== undefined &&
      pools.every(
        ({ pool }) => this.book.snapshotOf(pool) !== undefined && this.book.ageSlots(pool) <= maxPoolAgeSlots,
      )
    );
  }

  /**
   * Whether it is known what the wallets hold that it began with: until then a trade is answered NOT_READY. So is one of a
   * wallet that came later, for whose sake the others are not held up.
   */
  areWalletsRead(): boolean {
    this.#unread = this.#unread.filter((address) => this.cache.isUnread(address));
    return this.#unread.length === 0;
  }

  #trackWallets(holdings: readonly Holding[], wallets: readonly TradingWallet[]): Address[] {
    for (const { address } of wallets) this.#ours.add(address);
    const accounts = [
      ...wallets.map((wallet) => wallet.address),
      ...holdings.map((holding) => holding.tokenAccount),
    ];
    this.#track(accounts);
    return accounts;
  }

  #track(accounts: readonly Address[]): void {
    this.#tracked = [...new Set([...this.#tracked, ...accounts])];
    this.cache.track(accounts);
  }

  #subscription(): StreamSubscription {
    return { accounts: this.#tracked, wallets: [...this.#ours] };
  }

  close(): void {
    this.#closed = true;
    this.#streams.close();
    this.cache.close();
  }

  #tellTransaction(update: TransactionUpdate): void {
    this.#tracker?.onTransaction(update);
    const wallet = update.accountKeys.find((key) => this.#ours.has(key));
    if (wallet !== undefined)
      this.#strangers?.seen({ signature: update.signature, slot: update.slot, wallet });
  }

  /** Behind the cache: what listens to transactions and to the stream's own state. */
  #follower(): StreamSink {
    const { log } = this.#options;
    return {
      onSlot: () => undefined,
      onBlockMeta: () => undefined,
      onAccount: () => undefined,
      onTransaction: (update) => {
        if (this.#heldTransactions === undefined) return this.#tellTransaction(update);
        this.#heldTransactions.push(update);
        if (this.#heldTransactions.length > MAX_HELD_TRANSACTIONS) this.#heldTransactions.shift();
      },
      onGap: (gap) => {
        this.feed.refreshAges();
        if (gap.covered === true || gap.eased === true) return;
        log.warn('the stream was not complete', { ...gap });
        this.#tracker?.hurryAll();
      },
      onStatus: (status) => {
        this.#streamStatus = status;
      },
      onActivity: (receivedUs) => this.feed.onActivity(receivedUs),
    };
  }

  #createStreams(): StreamSet {
    const { clock, random, endpoints, log, maxStreamLagSlots, streamGuard, recorder } = this.#options;
    const names = streamNames(endpoints.yellowstone);
    return new StreamSet({
      streams: endpoints.yellowstone.map((endpoint, index) => {
        const name = names[index]!;
        const mayConnect = () => this.#streams.mayConnect(name);
        const xToken = endpoints.xToken === undefined ? {} : { xToken: endpoints.xToken };
        const recorded = recorder === undefined || index > 0 ? {} : { recorder };
        return new YellowstoneStream({ endpoint, name, clock, random, mayConnect, ...xToken, ...recorded });
      }),
      clock,
      limits: { maxLagSlots: maxStreamLagSlots },
      guard: streamGuard,
      onEndpoint: (name, status, detail) =>
        log[status === 'down' ? 'warn' : 'info'](`stream ${status}`, { endpoint: name, detail }),
      onSource: (name, covered) => log.info('accounts come from this stream', { endpoint: name, covered }),
    });
  }

  #addPool(pool: Address, account: { owner: Address; data: Uint8Array } | undefined): PoolKeys {
    const keys =
      account === undefined ? undefined : this.book.addPoolFromAccount(pool, account.owner, account.data);
    if (keys === undefined) {
      throw new HotslotError('POOL_UNKNOWN', {
        detail: 'POOLS names an account that is no Raydium CPMM pool.',
        context: { pool },
      });
    }
    return keys;
  }

  #fetchAccounts(): FetchAccounts {
    const { reader, recorder } = this.#options;
    return async (addresses, minContextSlot: Slot) => {
      const answer = await reader.accounts(addresses, 'confirmed', minContextSlot);
      recorder?.onFetched({ addresses, ...answer });
      return answer;
    };
  }
}
