/** What can be subscribed to. Equal subscriptions share one topic and its id, on one connection and on many. */
import type { Commitment } from '../../engine/messages.js';
import type { AccountFormat } from '../encode/account.js';
import type { BlockFormat } from '../encode/block.js';
import type { AccountFilter } from '../encode/filter.js';

export type TopicKind =
  | {
      readonly name: 'account';
      readonly commitment: Commitment;
      readonly address: string;
      readonly format: AccountFormat;
    }
  | {
      readonly name: 'program';
      readonly commitment: Commitment;
      readonly program: string;
      readonly format: AccountFormat;
      readonly filters: readonly AccountFilter[];
    }
  | {
      readonly name: 'logs';
      readonly commitment: Commitment;
      readonly mentions: string | undefined;
      readonly votes: boolean;
    }
  | {
      readonly name: 'signature';
      readonly commitment: Commitment;
      readonly signature: string;
      readonly received: boolean;
    }
  | {
      readonly name: 'block';
      readonly commitment: Commitment;
      readonly mentions: string | undefined;
      readonly format: BlockFormat;
    }
  | { readonly name: 'slot' }
  | { readonly name: 'root' }
  | { readonly name: 'slotsUpdates' };

export type TopicName = TopicKind['name'];

/** A client's connection, as far as topics know it. */
export interface Subscriber {
  send(text: string): void;
  /** Told when a topic ended by itself (a signature that was notified). */
  forget(id: number): void;
}

export interface Topic {
  readonly id: number;
  readonly key: string;
  readonly kind: TopicKind;
  readonly subscribers: Set<Subscriber>;
}
