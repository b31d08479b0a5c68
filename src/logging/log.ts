/** `trading.log`: one JSON object a line with `timestamp`, `level`, `message` and `error`. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';

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

export interface OpenLog {
  readonly log: Log;
  /** Writes what is buffered and reopens the file under its name: after a rotation by rename. */
  reopen(): void;
  close(): void;
}

export interface LogOptions {
  readonly directory: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

/** Bytes gathered before a write; logging never delays a trade. */
const BUFFER_BYTES = 4096;
const FLUSH_MS = 200;

export function openLog(options: LogOptions): OpenLog {
  mkdirSync(options.directory, { recursive: true });
  const destination = pino.destination({
    dest: join(options.directory, 'trading.log'),
    sync: false,
    minLength: BUFFER_BYTES,
    periodicFlush: FLUSH_MS,
  });
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
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}) => {
      const { error, ...rest } = fields;
      logger[level](error === undefined ? rest : { ...rest, error: describeError(error) }, message);
    };
  return {
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    reopen: () => destination.reopen(),
    close: () => {
      destination.flushSync();
      destination.end();
    },
  };
}

/** An error as one line of text: its code where it has one, its message, and its cause's. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as { code?: unknown }).code;
  const prefix = typeof code === 'string' && !error.message.startsWith(code) ? `${code}: ` : '';
  const cause = error.cause instanceof Error ? ` (${describeError(error.cause)})` : '';
  return `${prefix}${error.message}${cause}`;
}
