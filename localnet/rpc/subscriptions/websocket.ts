/** The PubSub WebSocket: subscribe and unsubscribe calls in, notifications out. */
import type uWS from 'uWebSockets.js';
import { dispatch } from '../dispatch.js';
import { encodeJson, type Json } from '../encode/json.js';
import { invalidParams, methodNotFound } from '../errors.js';
import { VERSION } from '../methods/cluster.js';
import { readArguments, readU64 } from '../params.js';
import { READERS } from './read-topic.js';
import { refused, type TopicRegistry } from './registry.js';
import type { Subscriber, Topic, TopicName } from './topic.js';

/** Bytes of one message from a client. */
const MESSAGE_BYTES_MAX = 4096;
/** Bytes that wait for a slow client before it is disconnected. */
const BACKPRESSURE_BYTES_MAX = 16 * 1024 * 1024;
const SUBSCRIPTIONS_MAX = 1024;
const CONNECTIONS_MAX = 1024;
/** Seconds without a byte after which a connection is pinged, and then closed. */
const IDLE_TIMEOUT_S = 60;

interface Connection {
  subscriber: Subscriber;
  readonly topics: Map<number, Topic>;
}

export interface WebSocketHandlers {
  readonly topics: TopicRegistry;
  readonly onError: (error: unknown) => void;
}

export function serveWebSocket(app: uWS.TemplatedApp, { topics, onError }: WebSocketHandlers): void {
  let connections = 0;
  app.ws<Connection>('/*', {
    maxPayloadLength: MESSAGE_BYTES_MAX,
    maxBackpressure: BACKPRESSURE_BYTES_MAX,
    closeOnBackpressureLimit: 1,
    idleTimeout: IDLE_TIMEOUT_S,
    sendPingsAutomatically: true,
    upgrade(res, req, context) {
      if (connections >= CONNECTIONS_MAX) {
        res.writeStatus('429 Too Many Requests').end();
        return;
      }
      // uWebSockets.js copies this into the socket's own user data.
      res.upgrade<Connection>(
        { subscriber: NOBODY, topics: new Map() },
        req.getHeader('sec-websocket-key'),
        req.getHeader('sec-websocket-protocol'),
        req.getHeader('sec-websocket-extensions'),
        context,
      );
    },
    open(ws) {
      connections += 1;
      const connection = ws.getUserData();
      connection.subscriber = {
        send: (text) => void ws.send(text),
        forget: (id) => void connection.topics.delete(id),
      };
    },
    message(ws, message) {
      const connection = ws.getUserData();
      const execute = (method: string, params: unknown) => run(method, params, connection, topics);
      const answer = dispatch(Buffer.from(message).toString('utf8'), { execute, onError });
      if (!(answer instanceof Promise)) {
        if (answer !== undefined) ws.send(answer);
        return;
      }
      answer
        .then((text) => {
          // A batch may be answered after the client has gone.
          if (text !== undefined && connection.subscriber !== NOBODY) ws.send(text);
        })
        .catch(onError);
    },
    close(ws) {
      connections -= 1;
      const connection = ws.getUserData();
      const { subscriber } = connection;
      connection.subscriber = NOBODY;
      for (const topic of connection.topics.values()) topics.unsubscribe(topic, subscriber);
      connection.topics.clear();
    },
  });
  app.any('/*', (res) => {
    res.writeStatus('400 Bad Request').end('a WebSocket handshake is required\n');
  });
}

const NOBODY: Subscriber = { send: () => undefined, forget: () => undefined };

function run(method: string, params: unknown, connection: Connection, topics: TopicRegistry): Json {
  if (method === 'getVersion') {
    readArguments(params, 0, 0);
    return VERSION;
  }
  const [, name, action] = /^(\w+?)(Subscribe|Unsubscribe)$/.exec(method) ?? [];
  if (name === undefined || !Object.hasOwn(READERS, name)) throw methodNotFound();
  const topicName = name as TopicName;
  return action === 'Subscribe'
    ? subscribe(topicName, params, connection, topics)
    : unsubscribe(topicName, params, connection, topics);
}

function subscribe(name: TopicName, params: unknown, connection: Connection, topics: TopicRegistry): Json {
  const kind = READERS[name](params);
  if (connection.topics.size >= SUBSCRIPTIONS_MAX) throw refused();
  const key = `${name} ${encodeJson((params ?? []) as Json)}`;
  const topic = topics.subscribe(key, kind, connection.subscriber);
  connection.topics.set(topic.id, topic);
  return topic.id;
}

function unsubscribe(name: TopicName, params: unknown, connection: Connection, topics: TopicRegistry): Json {
  const [value] = readArguments(params, 1, 1);
  const topic = connection.topics.get(readU64(value));
  if (topic === undefined || topic.kind.name !== name) throw invalidParams('Invalid subscription id.');
  connection.topics.delete(topic.id);
  topics.unsubscribe(topic, connection.subscriber);
  return true;
}
