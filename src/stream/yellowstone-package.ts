/**
 * The Yellowstone package, for its codecs. It is loaded as CommonJS: what it has for `import` does not call itself a
 * module, and Node.js before 20.19 does not look.
 */
import { createRequire } from 'node:module';

export const yellowstone: typeof import('@triton-one/yellowstone-grpc') = createRequire(import.meta.url)(
  '@triton-one/yellowstone-grpc',
);
