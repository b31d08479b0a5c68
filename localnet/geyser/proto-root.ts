import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

/** Files of the interface, by the names that they import each other with. */
export const PROTO_FILES = ['geyser.proto', 'solana-storage.proto'] as const;

/** Folder with the .proto files; found from dist/localnet/geyser, so that no build step copies them. */
const PROTO_DIRECTORY = fileURLToPath(new URL('../../../proto/', import.meta.url));

/**
 * Parses the interface. Only requests and unary messages go through it: updates are encoded by hand
 * (encode-*.ts), because they are the hot path.
 */
export function loadProtoRoot(): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) =>
    target.startsWith('google/') ? target : `${PROTO_DIRECTORY}${target}`;
  for (const file of PROTO_FILES) root.loadSync(file);
  root.resolveAll();
  return root;
}
