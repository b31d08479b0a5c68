/**
 * How a gRPC call ended, from what HTTP/2 says of it. Sources: PROTOCOL-HTTP2.md ("Responses", "Errors"),
 * http-grpc-status-mapping.md and statuscodes.md of github.com/grpc/grpc.
 */
import { constants, type IncomingHttpHeaders } from 'node:http2';

/** gRPC's status codes, of which the executor names these. */
export const GRPC_STATUS = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  permissionDenied: 7,
  resourceExhausted: 8,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Any number that a server sends counts as its status. */
export interface GrpcEnd {
  readonly code: number;
  readonly detail: string;
}

const BY_HTTP_STATUS: ReadonlyMap<number, number> = new Map([
  [400, GRPC_STATUS.internal],
  [401, GRPC_STATUS.unauthenticated],
  [403, GRPC_STATUS.permissionDenied],
  [404, GRPC_STATUS.unimplemented],
  [429, GRPC_STATUS.unavailable],
  [502, GRPC_STATUS.unavailable],
  [503, GRPC_STATUS.unavailable],
  [504, GRPC_STATUS.unavailable],
]);

const BY_RESET_CODE: ReadonlyMap<number, number> = new Map([
  [constants.NGHTTP2_REFUSED_STREAM, GRPC_STATUS.unavailable],
  [constants.NGHTTP2_CANCEL, GRPC_STATUS.cancelled],
  [constants.NGHTTP2_ENHANCE_YOUR_CALM, GRPC_STATUS.resourceExhausted],
  [constants.NGHTTP2_INADEQUATE_SECURITY, GRPC_STATUS.permissionDenied],
]);

/** The status that headers or trailers bring, or undefined where they bring none. */
export function statusOf(headers: IncomingHttpHeaders): GrpcEnd | undefined {
  const { 'grpc-status': code, 'grpc-message': message } = headers;
  if (code === undefined) return undefined;
  const isCode = typeof code === 'string' && /^\d{1,4}$/.test(code);
  return {
    code: isCode ? Number(code) : GRPC_STATUS.unknown,
    detail: typeof message === 'string' ? decoded(message) : '',
  };
}

/** The end of a call of which the server told no gRPC status: a proxy's answer, as a rule. */
export function statusOfHttp(httpStatus: number): GrpcEnd {
  const code = BY_HTTP_STATUS.get(httpStatus) ?? GRPC_STATUS.unknown;
  return { code, detail: `HTTP status ${httpStatus}` };
}

/** The end of a call that the server reset, or that it closed without a word. */
export function statusOfReset(resetCode: number): GrpcEnd {
  const code = BY_RESET_CODE.get(resetCode) ?? GRPC_STATUS.internal;
  const isReset = resetCode !== constants.NGHTTP2_NO_ERROR;
  return { code, detail: isReset ? `reset with HTTP/2 code ${resetCode}` : 'ended without a status' };
}

/** Messages are percent-encoded; one that is not comes through as it is. */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
