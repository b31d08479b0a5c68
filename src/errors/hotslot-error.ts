import { ERROR_CODES, type ErrorCode } from './codes.js';

/** Typed context of an error; never a secret. */
export interface ErrorContext {
  readonly [key: string]: string | number | boolean;
}

/** A coded error in the plain form that crosses threads and the wire. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
  readonly context?: ErrorContext;
}

/** An operating error with a code from the table. Programmers' errors are plain `Error`s and crash. */
export class HotslotError extends Error {
  override readonly name = 'HotslotError';
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly context: ErrorContext | undefined;

  /**
   * @param code    from the table
   * @param options `detail` is appended to the table's sentence; `field` names the request's field at fault
   */
  constructor(
    code: ErrorCode,
    options: { detail?: string; field?: string; context?: ErrorContext; cause?: unknown } = {},
  ) {
    const sentence = ERROR_CODES[code].message;
    super(
      options.detail ? `${sentence}${options.detail.startsWith('\n') ? '' : ' '}${options.detail}` : sentence,
      { cause: options.cause },
    );
    this.code = code;
    this.field = options.field;
    this.context = options.context;
  }

  get number(): number {
    return ERROR_CODES[this.code].number;
  }

  get httpStatus(): number {
    return ERROR_CODES[this.code].http;
  }

  toPlain(): PlainError {
    return {
      code: this.code,
      message: this.message,
      ...(this.field === undefined ? {} : { field: this.field }),
      ...(this.context === undefined ? {} : { context: this.context }),
    };
  }

  /** Restores an error that crossed a thread; on Node 20 a posted Error loses its class, code and context. */
  static fromPlain(plain: PlainError): HotslotError {
    const error = new HotslotError(plain.code, {
      ...(plain.field === undefined ? {} : { field: plain.field }),
      ...(plain.context === undefined ? {} : { context: plain.context }),
    });
    error.message = plain.message;
    return error;
  }
}
