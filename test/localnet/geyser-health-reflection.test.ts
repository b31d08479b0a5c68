// Health and reflection as their clients see them: a health client made from the package's own definition, and a
// reflection client that builds descriptors from the answers alone and then calls with them, as grpcurl does.
import { credentials, loadPackageDefinition, type ServiceError, status } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import { expect, onTestFinished, test } from 'vitest';
import { grpcClient, serve } from './geyser-harness.js';

interface HealthClient {
  check(
    request: { service: string },
    callback: (error: ServiceError | null, response?: { status: string }) => void,
  ): void;
  watch(request: { service: string }): NodeJS.ReadableStream & { cancel(): void };
  close(): void;
}

function healthClient(port: number): HealthClient {
  const Health = loadPackageDefinition({ 'grpc.health.v1.Health': healthService }) as unknown as {
    grpc: { health: { v1: { Health: new (target: string, creds: unknown) => HealthClient } } };
  };
  const client = new Health.grpc.health.v1.Health(`127.0.0.1:${port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  return client;
}

function check(client: HealthClient, service: string): Promise<string | status | undefined> {
  return new Promise((resolve) =>
    client.check({ service }, (error, answer) => resolve(answer?.status ?? error?.code)),
  );
}

test('health knows the server and the service, and nothing else', async () => {
  const client = healthClient((await serve()).port);
  expect(await check(client, '')).toBe('SERVING');
  expect(await check(client, 'geyser.Geyser')).toBe('SERVING');
  expect(await check(client, 'other')).toBe(status.NOT_FOUND);
});

test('who watches health is told of the shutdown', async () => {
  const { port, server } = await serve();
  const watch = healthClient(port).watch({ service: 'geyser.Geyser' });
  watch.on('error', () => undefined);
  const seen: string[] = [];
  const serving = new Promise<void>((resolve) => {
    watch.on('data', (answer: { status: string }) => {
      seen.push(answer.status);
      resolve();
    });
  });
  await serving;
  await server.close();
  expect(seen).toEqual(['SERVING', 'NOT_SERVING']);
});

/** Fields of the reflection protocol that are needed here, written from its specification. */
const REFLECTION = `syntax = "proto3"; package r;
message Request { string host = 1; oneof message_request { string file_by_filename = 3;
  string file_containing_symbol = 4; string list_services = 7; } }
message Files { repeated bytes file_descriptor_proto = 1; }
message Service { string name = 1; }
message Services { repeated Service service = 1; }
message Failure { int32 error_code = 1; string error_message = 2; }
message Response { oneof message_response { Files file_descriptor_response = 4;
  Services list_services_response = 6; Failure error_response = 7; } }`;
const reflection = protobuf.parse(REFLECTION).root;

interface ReflectionResponse {
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: Uint8Array[] };
  readonly listServicesResponse?: { readonly service: { name: string }[] };
  readonly errorResponse?: { readonly errorCode: number };
}

async function reflect(port: number, version: string, request: object): Promise<ReflectionResponse> {
  const Request = reflection.lookupType('r.Request');
  const Response = reflection.lookupType('r.Response');
  const call = grpcClient(port).makeBidiStreamRequest(
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    (message: object) => Buffer.from(Request.encode(message).finish()),
    (bytes) => Response.decode(bytes) as unknown as ReflectionResponse,
  );
  call.write(request);
  const response = await new Promise<ReflectionResponse>((resolve, reject) => {
    call.on('data', resolve);
    call.on('error', reject);
  });
  call.end();
  return response;
}

interface FileDescriptor {
  readonly name: string;
  readonly package: string;
  readonly dependency: readonly string[];
}

/** Every file that a symbol needs, fetched by name as the dependencies of each say. */
async function filesFor(port: number, version: string, symbol: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const missing = new Set<string>();
  const take = (response: ReflectionResponse): void => {
    for (const bytes of response.fileDescriptorResponse!.fileDescriptorProto) {
      const file = descriptor.FileDescriptorProto.decode(bytes) as unknown as FileDescriptor;
      files.set(file.name, bytes);
      for (const name of file.dependency) missing.add(name);
    }
  };
  take(await reflect(port, version, { fileContainingSymbol: symbol }));
  for (const name of missing)
    if (!files.has(name)) take(await reflect(port, version, { fileByFilename: name }));
  return files;
}

test.each(['v1', 'v1alpha'])('reflection %s lists every service', async (version) => {
  const { port } = await serve();
  const { listServicesResponse } = await reflect(port, version, { listServices: '*' });
  expect(listServicesResponse!.service.map(({ name }) => name).sort()).toEqual([
    'geyser.Geyser',
    'grpc.health.v1.Health',
    'grpc.reflection.v1.ServerReflection',
    'grpc.reflection.v1alpha.ServerReflection',
  ]);
});

test.each(['v1', 'v1alpha'])(
  'what reflection %s describes is complete, and can be called with',
  async (version) => {
    const { port } = await serve();
    const files = await filesFor(port, version, 'geyser.Geyser');
    expect([...files.keys()].sort()).toEqual([
      'geyser.proto',
      'google/protobuf/timestamp.proto',
      'solana-storage.proto',
    ]);
    const root = protobuf.Root.fromDescriptor({
      file: [...files.values()].map((bytes) => descriptor.FileDescriptorProto.decode(bytes)),
    } as never);
    root.resolveAll();
    const Request = root.lookupType('geyser.GetSlotRequest');
    const Response = root.lookupType('geyser.GetSlotResponse');
    const answer = await new Promise((resolve, reject) => {
      grpcClient(port).makeUnaryRequest(
        '/geyser.Geyser/GetSlot',
        (message: object) => Buffer.from(Request.encode(message).finish()),
        (bytes) => Response.toObject(Response.decode(bytes), { longs: String }),
        { commitment: 1 },
        (error, value) => (error === null ? resolve(value) : reject(error)),
      );
    });
    expect(answer).toEqual({ slot: '10' });
  },
);

test('type names are absolute and map entries named as tools demand', async () => {
  const { port } = await serve();
  const files = await filesFor(port, 'v1', 'geyser.Geyser');
  const file = descriptor.FileDescriptorProto.toObject(
    descriptor.FileDescriptorProto.decode(files.get('geyser.proto')!),
  ) as {
    dependency: string[];
    messageType: { name: string; field?: { name: string; typeName?: string; proto3Optional?: boolean }[] }[];
  };
  expect([...file.dependency].sort()).toEqual(['google/protobuf/timestamp.proto', 'solana-storage.proto']);
  const request = file.messageType.find(({ name }) => name === 'SubscribeRequest')!;
  const field = (name: string) => request.field?.find((candidate) => candidate.name === name);
  expect(field('transactions_status')?.typeName).toBe('.geyser.SubscribeRequest.TransactionsStatusEntry');
  expect(field('from_slot')?.proto3Optional).toBe(true);
  const names = file.messageType.flatMap((message) =>
    (message.field ?? []).map(({ typeName }) => typeName ?? '.'),
  );
  expect(names.filter((name) => name !== '' && !name.startsWith('.'))).toEqual([]);
});

test('an unknown symbol is an answer, not an end', async () => {
  const { port } = await serve();
  const { errorResponse } = await reflect(port, 'v1', { fileContainingSymbol: 'no.Such' });
  expect(errorResponse?.errorCode).toBe(status.NOT_FOUND);
});
