/** Helper processes of a benchmark: started with an IPC channel, ready when they say so, gone with their parent. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 3_000;
/** A call to a helper covers at most one measured round. */
const CALL_TIMEOUT_MS = 180_000;

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

export interface Helper<Ready> {
  readonly ready: Ready;
  readonly pid: number;
  /** Asks the helper for something and waits for its answer. */
  call<Result>(name: string, argument?: unknown): Promise<Result>;
  stop(): Promise<void>;
}

/**
 * Starts `support/<entry>.js`.
 * @param argument given to the helper's `serveHelper`
 */
export async function startHelper<Ready>(entry: string, argument: unknown): Promise<Helper<Ready>> {
  const child = fork(fileURLToPath(new URL(`${entry}.js`, import.meta.url)), [], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const calls = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  child.on('message', (reply: Reply) => {
    const call = calls.get(reply.id);
    calls.delete(reply.id);
    if (reply.error === undefined) call?.resolve(reply.result);
    else call?.reject(new Error(`${entry}: ${reply.error}`));
  });
  void exited.then(() => {
    for (const call of calls.values()) call.reject(new Error(`${entry} ended`));
  });
  let lastId = 0;
  const call = <Result>(name: string, given: unknown, timeoutMs: number): Promise<Result> => {
    const id = ++lastId;
    return new Promise<Result>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${entry} did not answer ${name}`)), timeoutMs);
      const settled =
        <Value>(settle: (value: Value) => void) =>
        (value: Value) => {
          clearTimeout(timer);
          settle(value);
        };
      calls.set(id, { resolve: settled(resolve as (result: unknown) => void), reject: settled(reject) });
      child.send({ id, name, argument: given });
    });
  };
  const stop = () => stopChild(child, exited);
  try {
    const ready = await call<Ready>('start', argument, READY_TIMEOUT_MS);
    return { ready, pid: child.pid ?? 0, call: (name, given) => call(name, given, CALL_TIMEOUT_MS), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function stopChild(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

type Handler = (argument: never) => unknown;

/** The helper's side: answers calls by name until its parent lets go of it. `start` is called first. */
export function serveHelper(
  handlers: { readonly [name: string]: Handler },
  end: () => Promise<void> | void = () => undefined,
): void {
  process.on('message', (message: { id: number; name: string; argument: unknown }) => {
    const handler = handlers[message.name];
    void (async () => handler?.(message.argument as never))().then(
      (result) => process.send?.({ id: message.id, result }),
      (error: unknown) =>
        process.send?.({ id: message.id, error: error instanceof Error ? error.stack : String(error) }),
    );
  });
  process.once('disconnect', () => {
    void Promise.resolve(end()).finally(() => process.exit(0));
  });
}
