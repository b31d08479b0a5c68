// The .proto files are written down here, the official package's codecs were generated upstream: what one encodes
// the other must read, field by field.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { loadProtoRoot } from '../../localnet/geyser/proto-root.js';

interface Codec {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
  fromPartial(message: object): object;
}

const require = createRequire(import.meta.url);
const packageDirectory = dirname(require.resolve('@triton-one/yellowstone-grpc'));
const geyser = require(join(packageDirectory, 'grpc/geyser.js')) as Record<string, Codec | undefined>;
const storage = require(join(packageDirectory, 'grpc/solana-storage.js')) as Record<
  string,
  Codec | undefined
>;

const root = loadProtoRoot();
/** Bytes as base64: the two libraries have them as different classes. */
const PLAIN = { longs: String, bytes: String };

function messageTypes(namespace: protobuf.NamespaceBase): protobuf.Type[] {
  return namespace.nestedArray.filter((nested): nested is protobuf.Type => 'fieldsArray' in nested);
}

/** A value that is not the default, distinct for each field. */
function sample(field: protobuf.Field, depth: number): unknown {
  const one = (): unknown => {
    if (field.type === 'google.protobuf.Timestamp') return { seconds: '1700000000', nanos: 5_000_000 };
    if (field.resolvedType !== null && 'fieldsArray' in field.resolvedType) {
      return sampleMessage(field.resolvedType, depth + 1);
    }
    if (field.resolvedType !== null) return 1;
    if (field.type === 'string') return `text ${field.id}`;
    if (field.type === 'bytes') return Buffer.from([field.id, 255]);
    if (field.type === 'bool') return true;
    if (field.type === 'double') return 0.5 + field.id;
    return field.type.endsWith('64') ? `${2n ** 60n + BigInt(field.id)}` : 100 + field.id;
  };
  if (field.map) return { key: one() };
  return field.repeated ? [one(), one()] : one();
}

function sampleMessage(type: protobuf.Type, depth = 0): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  const oneofs = new Set<string>();
  for (const field of type.fieldsArray) {
    if (depth > 4) break;
    const oneof = field.partOf?.name;
    const synthetic = field.partOf?.fieldsArray.length === 1;
    if (oneof !== undefined && !synthetic) {
      if (oneofs.has(oneof)) continue;
      oneofs.add(oneof);
    }
    message[field.name] = sample(field, depth);
  }
  return message;
}

/** One sample for each member of each oneof, beside the sample with the first members. */
function samples(type: protobuf.Type): Record<string, unknown>[] {
  const members = type.oneofsArray.flatMap(({ fieldsArray }) => (fieldsArray.length > 1 ? fieldsArray : []));
  return [sampleMessage(type), ...members.map((field) => ({ [field.name]: sample(field, 1) }))];
}

for (const [name, codecs] of [
  ['geyser', geyser],
  ['solana.storage.ConfirmedBlock', storage],
] as const) {
  for (const type of messageTypes(root.lookup(name) as protobuf.Namespace)) {
    const codec = codecs[type.name];
    if (codec === undefined || type.name === 'CuckooHashAlgorithm') continue;
    test(`${type.fullName} is the same on the wire as in the official package`, () => {
      for (const message of samples(type)) {
        const ours = type.toObject(type.decode(type.encode(type.fromObject(message)).finish()), PLAIN);
        const theirBytes = codec.encode(codec.fromPartial(dated(message))).finish();
        expect(type.toObject(type.decode(theirBytes), PLAIN)).toEqual(ours);
        const ourBytes = type.encode(type.fromObject(message)).finish();
        expect(Buffer.from(codec.encode(codec.decode(ourBytes)).finish())).toEqual(Buffer.from(theirBytes));
      }
    });
  }
}

/** The package has timestamps as dates. */
function dated(message: Record<string, unknown>): Record<string, unknown> {
  if (message.createdAt === undefined) return message;
  return { ...message, createdAt: new Date(1_700_000_000_005) };
}

test('no message of the package is missing', () => {
  const ours = new Set(
    ['geyser', 'solana.storage.ConfirmedBlock'].flatMap((name) =>
      messageTypes(root.lookup(name) as protobuf.Namespace).map((type) => type.name),
    ),
  );
  const theirs = [geyser, storage].flatMap((codecs) =>
    Object.entries(codecs).flatMap(([name, codec]) =>
      typeof codec?.fromPartial === 'function' ? [name] : [],
    ),
  );
  expect(theirs.filter((name) => !name.endsWith('Entry') && !ours.has(name))).toEqual([]);
});
