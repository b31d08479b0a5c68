/**
 * The process's entry. Nothing imports it, and it does one thing before everything else is even loaded: the default
 * action of SIGUSR2 would end the process, and loading takes half a second. Keys and cluster get ready meanwhile.
 */
import { installMemorySignal } from './memory-signal.js';

const memorySignal = installMemorySignal();
const { takeFirstSteps } = await import('./first-steps.js');
const firstSteps = takeFirstSteps();
// What went wrong is told by the process, which is not loaded yet.
firstSteps.catch(() => undefined);
const { runExecutor } = await import('./executor-process.js');
await runExecutor(memorySignal, firstSteps);
