/** What is sent, and what came back: one message is one request, one frame or one gRPC call. */

export const TARGETS = [
  'control',
  'kestra',
  'controlRaw',
  'live',
  'livePacked',
  'rpc',
  'rpcRaw',
  'pubsub',
  'pubsubRaw',
  'admin',
  'adminRaw',
  'jupiter',
  'grpc',
  'grpcRaw',
] as const;

export type TargetName = (typeof TARGETS)[number];

export interface Message {
  /** With the seed it makes the message again. */
  readonly index: number;
  /** What kind of message was drawn, for the tally and for whoever reads a finding. */
  readonly kind: string;
  /** As they go on the wire; of a gRPC call the frames of its request stream, one after the other. */
  readonly bytes: Buffer;
  /** The gRPC method's path; absent elsewhere. */
  readonly path?: string;
  /** The server may end the connection over it, or wait for what never comes. */
  readonly mayClose?: boolean;
  /** Sent alone: its answer may come late, or ends the connection. */
  readonly alone?: boolean;
}

export type Outcome =
  | { readonly type: 'http'; readonly status: number; readonly body: string }
  /** Texts that came before the pong that shows that the frames were taken. */
  | { readonly type: 'frames'; readonly texts: readonly string[] }
  | { readonly type: 'grpc'; readonly status: number | undefined; readonly http: number }
  /** The server ended the connection without an answer. */
  | { readonly type: 'closed'; readonly code?: number }
  /** Nothing came in time. */
  | { readonly type: 'silence' };

/** One connection at a time to one port. */
export interface Lane {
  /** Outcomes in the order of the messages. */
  send(batch: readonly Message[]): Promise<readonly Outcome[]>;
  close(): void;
}
