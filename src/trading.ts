/**
 * The process's entry. Nothing imports it, and it does one thing before everything else is even loaded: the default
 * action of SIGUSR2 would end the process, and loading takes half a second. Keys and cluster get ready meanwhile.
 */
import { installMemorySignal } from './memory-signal.js';

const memorySignal = installMemorySignal();
// Before anything is made or started: where the control plane cannot be loaded, one line says what would do.
const { nodeFault } = await import('./node-support.js');
const fault = nodeFault();
if (fault !== undefined) {
  process.stderr.write(`${fault.code}: ${fault.message}\n`);
  process.exit(1);
}
const { takeFirstSteps } = await import('./first-steps.js');
const firstSteps = takeFirstSteps();
// What went wrong is told by the process, which is not loaded yet.
firstSteps.catch(() => undefined);
const { runExecutor } = await import('./executor-process.js');
await runExecutor(memorySignal, firstSteps);
