import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { protoPath as healthProtoPath } from 'grpc-health-check';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import { PROTO_FILES } from './proto-root.js';

/** A descriptor as it is read and mended here; proto-shaped, but plain. */
interface FileDescriptor {
  name: string;
  package: string;
  dependency?: string[];
  publicDependency?: number[];
  messageType?: MessageDescriptor[];
  enumType?: { name: string }[];
  service?: { method: { inputType: string; outputType: string }[] }[];
}

interface MessageDescriptor {
  name: string;
  field?: { name: string; label: unknown; typeName?: string }[];
  nestedType?: MessageDescriptor[];
  enumType?: { name: string }[];
  options?: { mapEntry?: boolean };
}

/** Packages by the file that defines them, under the names that .proto files import. */
const FILE_BY_PACKAGE: Readonly<Record<string, string>> = {
  geyser: PROTO_FILES[0],
  'solana.storage.ConfirmedBlock': PROTO_FILES[1],
  'google.protobuf': 'google/protobuf/timestamp.proto',
  'grpc.health.v1': 'grpc/health/v1/health.proto',
  'grpc.reflection.v1': 'grpc/reflection/v1/reflection.proto',
  'grpc.reflection.v1alpha': 'grpc/reflection/v1alpha/reflection.proto',
};

/**
 * Serves reflection, v1 and v1alpha, for every service that this server has. `@grpc/reflection` answers with the
 * descriptors it is given, and protobufjs's lack imports, full names and the names of map entries (grpc-node#3018),
 * without which clients can list services but not describe or call them: all three are filled in here.
 */
export function addReflection(server: Server, root: protobuf.Root): void {
  const require = createRequire(import.meta.url);
  const reflectionDirectory = join(dirname(require.resolve('@grpc/reflection')), '../proto/grpc/reflection');
  const others = new protobuf.Root();
  others.loadSync([
    healthProtoPath,
    join(reflectionDirectory, 'v1/reflection.proto'),
    join(reflectionDirectory, 'v1alpha/reflection.proto'),
  ]);
  others.resolveAll();
  const fileDescriptorProtos = [...describe(root), ...describe(others)];
  new ReflectionService({ 'geyser.Geyser': { fileDescriptorProtos } } as never).addToServer(server);
}

/** Complete file descriptors, encoded. */
function describe(root: protobuf.Root): Buffer[] {
  const set = descriptor.FileDescriptorSet.toObject(root.toDescriptor('proto3')) as {
    file: FileDescriptor[];
  };
  const files = set.file.filter((file) => file.package in FILE_BY_PACKAGE);
  for (const file of files) for (const message of file.messageType ?? []) nameMapEntries(message);
  const packageByName = indexNames(files);
  return files.map((file) => {
    const used = qualify(file, packageByName);
    file.name = FILE_BY_PACKAGE[file.package]!;
    file.dependency = [...used].map((name) => FILE_BY_PACKAGE[name]!);
    const message = descriptor.FileDescriptorProto.fromObject(file);
    return Buffer.from(descriptor.FileDescriptorProto.encode(message).finish());
  });
}

/** A map field `some_name` has the entry type `SomeNameEntry`; tools check that. */
function nameMapEntries(message: MessageDescriptor): void {
  for (const entry of message.nestedType ?? []) {
    if (entry.options?.mapEntry === true) {
      const field = message.field?.find(({ typeName }) => typeName === entry.name);
      if (field === undefined) throw new Error(`no field for map entry ${message.name}.${entry.name}`);
      const camel = field.name.replace(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
      entry.name = `${camel}Entry`;
      field.typeName = entry.name;
    }
    nameMapEntries(entry);
  }
}

/** Full names of all types, with the package of each. */
function indexNames(files: readonly FileDescriptor[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const file of files) {
    const add = (scope: string, message: MessageDescriptor): void => {
      const name = `${scope}.${message.name}`;
      names.set(name, file.package);
      for (const nested of message.nestedType ?? []) add(name, nested);
      for (const nested of message.enumType ?? []) names.set(`${name}.${nested.name}`, file.package);
    };
    for (const message of file.messageType ?? []) add(file.package, message);
    for (const type of file.enumType ?? []) names.set(`${file.package}.${type.name}`, file.package);
  }
  return names;
}

/** Makes every type name of a file absolute; answers the other packages that it uses. */
function qualify(file: FileDescriptor, packageByName: ReadonlyMap<string, string>): ReadonlySet<string> {
  const used = new Set<string>();
  const resolve = (name: string, scope: string): string => {
    if (name.startsWith('.')) return name;
    for (let outer = scope; ; outer = outer.slice(0, Math.max(0, outer.lastIndexOf('.')))) {
      const candidate = outer === '' ? name : `${outer}.${name}`;
      const owner = packageByName.get(candidate);
      if (owner !== undefined) {
        if (owner !== file.package) used.add(owner);
        return `.${candidate}`;
      }
      if (outer === '') throw new Error(`no type ${name} for ${scope}`);
    }
  };
  const visit = (message: MessageDescriptor, scope: string): void => {
    const own = `${scope}.${message.name}`;
    for (const field of message.field ?? []) {
      if (field.typeName !== undefined && field.typeName !== '')
        field.typeName = resolve(field.typeName, own);
    }
    for (const nested of message.nestedType ?? []) visit(nested, own);
  };
  for (const message of file.messageType ?? []) visit(message, file.package);
  for (const service of file.service ?? []) {
    for (const method of service.method) {
      method.inputType = resolve(method.inputType, file.package);
      method.outputType = resolve(method.outputType, file.package);
    }
  }
  return used;
}
