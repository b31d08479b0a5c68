/** `trading.log`: one JSON object a line with `timestamp`, `level`, `message` and `error`. */
import { openSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { makeDirectory } from '../make-directory.js';

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LogFields {
  readonly [name: string]: unknown;
  /** Anything thrown; logged by message and code, never with request bodies or environments. */
  readonly error?: unknown;
}

/** How the writing of the log goes. */
export interface LogState {
  /** Code of the newest write's error, such as `ENOSPC`; undefined where it was written. */
  readonly fault: string | undefined;
  /** Lines lost because MAX_BUFFER_BYTES waited to be written. */
  readonly droppedLines: number;
}

export interface OpenLog {
  readonly log: Log;
  /** Writes what is buffered and reopens the file under its name: after a rotation by rename. */
  reopen(): void;
  state(): LogState;
  /** Resolves once all is written, or at the latest after CLOSE_MS where the disk does not take it. */
  close(): Promise<void>;
}

export interface LogOptions {
  readonly directory: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

/** Bytes gathered before a write; logging never delays a trade. */
const BUFFER_BYTES = 4096;
const FLUSH_MS = 200;
/** Most that waits for a disk which is full or slow; further lines are lost and counted (L6). */
export const MAX_BUFFER_BYTES = 4 * 1024 * 1024;
const CLOSE_MS = 1_000;

type Destination = ReturnType<typeof pino.destination>;

/** @throws what the file system throws where the file cannot be opened */
export function openLog(options: LogOptions): OpenLog {
  makeDirectory(options.directory);
  const path = join(options.directory, 'trading.log');
  // Opened here: the destination would open it later, tell of a fault only then, and lose what an exit finds before that.
  const destination = pino.destination({
    dest: openSync(path, 'a'),
    sync: false,
    minLength: BUFFER_BYTES,
    maxLength: MAX_BUFFER_BYTES,
    periodicFlush: FLUSH_MS,
  });
  // What it reopens.
  Object.assign(destination, { file: path });
  const logger = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const state = watchWriting(destination);
  let isClosing = false;
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}) => {
      if (isClosing) return;
      const { error, ...rest } = fields;
      logger[level](error === undefined ? rest : { ...rest, error: describeError(error) }, message);
    };
  // pino writes the rest when the process exits, and where the disk is full it would try for ever.
  const giveUpAtExit = () => {
    if (state.fault !== undefined) destination.destroy();
  };
  process.prependListener('exit', giveUpAtExit);
  const close = async () => {
    isClosing = true;
    await closeDestination(destination);
    process.off('exit', giveUpAtExit);
  };
  return {
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    reopen: () => destination.reopen(),
    state: () => ({ fault: state.fault, droppedLines: state.droppedLines }),
    close,
  };
}

/** Without a listener a full disk's error would end the process. */
function watchWriting(destination: Destination) {
  const state = { fault: undefined as string | undefined, droppedLines: 0 };
  destination.on('error', (error: NodeJS.ErrnoException) => {
    state.fault = error.code ?? 'unknown';
  });
  destination.on('write', () => {
    state.fault = undefined;
  });
  destination.on('drop', () => {
    state.droppedLines += 1;
  });
  return state;
}

function closeDestination(destination: Destination): Promise<void> {
  return new Promise((resolve) => {
    const patience = setTimeout(() => {
      destination.destroy();
      resolve();
    }, CLOSE_MS);
    destination.once('close', () => {
      clearTimeout(patience);
      resolve();
    });
    destination.end();
  });
}

/** An error as one line of text: its code where it has one, its message, and its cause's. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as { code?: unknown }).code;
  const prefix = typeof code === 'string' && !error.message.startsWith(code) ? `${code}: ` : '';
  const cause = error.cause instanceof Error ? ` (${describeError(error.cause)})` : '';
  return `${prefix}${error.message}${cause}`;
}
