import { defineConfig } from 'vitest/config';

// Tests are compiled with the rest and run from dist/, so that what is tested is what ships
// (worker entries and other files found by URL resolve the same way as in production).
export default defineConfig({
  test: {
    include: ['dist/test/**/*.test.js'],
    // Executors that tests start are not to spend their processors on warming.
    env: { KEEP_WARM_MS: '0' },
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
