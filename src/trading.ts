/**
 * The process's entry. Nothing imports it, and it does one thing before everything else is even loaded: the default
 * action of SIGUSR2 would end the process, and loading takes half a second.
 */
import { installMemorySignal } from './memory-signal.js';

const memorySignal = installMemorySignal();
const { runExecutor } = await import('./executor-process.js');
await runExecutor(memorySignal);
