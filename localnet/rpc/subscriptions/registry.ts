/** The topics that somebody listens to, found by what happens on the chain. */
import { encodeJson, type Json } from '../encode/json.js';
import { INTERNAL_ERROR, RpcError } from '../errors.js';
import type { Subscriber, Topic, TopicKind, TopicName } from './topic.js';

/** Topics of all connections together. */
const TOPICS_MAX = 100_000;

export type TopicOf<Name extends TopicName> = Topic & { readonly kind: Extract<TopicKind, { name: Name }> };

export class TopicRegistry {
  readonly #byKey = new Map<string, Topic>();
  readonly #byName = new Map<TopicName, Set<Topic>>();
  readonly #bySignature = new Map<string, Set<Topic>>();
  #nextId = 0;

  /** `key` is equal for equal parameters. Throws -32603 when the node has no room for one more. */
  subscribe(key: string, kind: TopicKind, subscriber: Subscriber): Topic {
    let topic = this.#byKey.get(key);
    if (topic === undefined) {
      if (this.#byKey.size >= TOPICS_MAX) throw refused();
      topic = { id: this.#nextId++, key, kind, subscribers: new Set() };
      this.#byKey.set(key, topic);
      addTo(this.#byName, kind.name, topic);
      if (kind.name === 'signature') addTo(this.#bySignature, kind.signature, topic);
    }
    topic.subscribers.add(subscriber);
    return topic;
  }

  unsubscribe(topic: Topic, subscriber: Subscriber): void {
    topic.subscribers.delete(subscriber);
    if (topic.subscribers.size === 0) this.#remove(topic);
  }

  /** The topic ends for all of its subscribers. */
  end(topic: Topic): void {
    for (const subscriber of topic.subscribers) subscriber.forget(topic.id);
    topic.subscribers.clear();
    this.#remove(topic);
  }

  has(name: TopicName): boolean {
    return this.#byName.has(name);
  }

  all<Name extends TopicName>(name: Name): readonly TopicOf<Name>[] {
    return [...(this.#byName.get(name) ?? [])] as TopicOf<Name>[];
  }

  ofSignature(signature: string): readonly TopicOf<'signature'>[] {
    return [...(this.#bySignature.get(signature) ?? [])] as TopicOf<'signature'>[];
  }

  /** Encodes once, sends to all. */
  notify(topic: Topic, result: Json): void {
    const params = encodeJson({ result, subscription: topic.id });
    const text = `{"jsonrpc":"2.0","method":"${topic.kind.name}Notification","params":${params}}`;
    for (const subscriber of topic.subscribers) subscriber.send(text);
  }

  #remove(topic: Topic): void {
    if (this.#byKey.get(topic.key) !== topic) return;
    this.#byKey.delete(topic.key);
    removeFrom(this.#byName, topic.kind.name, topic);
    if (topic.kind.name === 'signature') removeFrom(this.#bySignature, topic.kind.signature, topic);
  }
}

export function refused(): RpcError {
  return new RpcError(
    INTERNAL_ERROR,
    'Internal Error: Subscription refused. Node subscription limit reached',
  );
}

function addTo<Key>(map: Map<Key, Set<Topic>>, key: Key, topic: Topic): void {
  const topics = map.get(key);
  if (topics === undefined) map.set(key, new Set([topic]));
  else topics.add(topic);
}

function removeFrom<Key>(map: Map<Key, Set<Topic>>, key: Key, topic: Topic): void {
  const topics = map.get(key);
  topics?.delete(topic);
  if (topics?.size === 0) map.delete(key);
}
