/** The engine's thread. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { collectGarbage } from '../collect-garbage.js';
import { type Driver, ManualDriver, WallClockDriver } from './drivers.js';
import { Engine } from './engine.js';
import type { EngineEvent } from './messages.js';
import type { FromEngine, PlainError, ToEngine, WorkerOptions } from './protocol.js';
import { WireError } from './wire-error.js';

if (parentPort === null) throw new Error('This file is a worker thread; start it with startEngine');
runEngine(parentPort, workerData as WorkerOptions);

function runEngine(port: MessagePort, options: WorkerOptions): void {
  let events: EngineEvent[] = [];
  let taken = 0;
  const post = (message: FromEngine) => port.postMessage(message);
  const flush = () => {
    if (events.length === 0 && taken === 0) return;
    const message: FromEngine = { type: 'events', events, taken, slot: engine.currentSlot() };
    events = [];
    taken = 0;
    post(message);
  };
  const host = { engine: () => engine, flush };
  const driver: Driver = options.manualClock ? new ManualDriver(host) : new WallClockDriver(host);
  const engine = new Engine(options, { nowMs: () => driver.nowMs(), emit: (event) => events.push(event) });

  port.on('message', (message: ToEngine) => {
    if (message.type === 'submit') {
      for (const submission of message.submissions) engine.submit(submission);
      taken += message.submissions.length;
      driver.wake();
    } else if (message.type === 'run') {
      engine.start();
      flush();
      driver.start();
    } else if (message.type === 'close') {
      driver.stop();
      port.close();
    } else if (message.name === 'collectGarbage') {
      const { id } = message;
      collectGarbage().then(
        () => post({ type: 'answer', id, result: null }),
        (error: unknown) => post({ type: 'refusal', id, error: toPlainError(error) }),
      );
    } else {
      answer(message);
    }
  });

  const answer = (message: CallNow) => {
    try {
      const result = call(engine, driver, message);
      // Whatever the call brought about is told before its answer.
      driver.wake();
      flush();
      post({ type: 'answer', id: message.id, result });
    } catch (error) {
      flush();
      post({ type: 'refusal', id: message.id, error: toPlainError(error) });
    }
  };
  post({ type: 'ready', conditions: engine.conditions(), slot: engine.currentSlot() });
}

/** A call that is answered within its turn. */
type CallNow = Exclude<Extract<ToEngine, { type: 'call' }>, { name: 'collectGarbage' }>;

function call(engine: Engine, driver: Driver, message: CallNow): unknown {
  switch (message.name) {
    case 'simulate':
      return engine.simulate(message.args);
    case 'airdrop':
      return engine.airdrop(message.args.address, message.args.lamports);
    case 'setAccount':
      engine.setAccount(message.args.address, message.args.account);
      return null;
    case 'setConditions':
      return engine.setConditions(message.args);
    case 'step':
      return driver.step(message.args);
    case 'snapshot':
      return engine.snapshot();
  }
}

function toPlainError(error: unknown): PlainError {
  if (error instanceof WireError) return { kind: 'wire', message: error.message, reason: error.reason };
  if (error instanceof RangeError) return { kind: 'range', message: error.message };
  return { kind: 'other', message: error instanceof Error ? error.message : String(error) };
}
