/** What a client offers when it connects: the format, and for browsers the token. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { WireFormat } from './ws-format.js';
import { BEARER_SUBPROTOCOL, MSGPACK_SUBPROTOCOL, SUBPROTOCOL } from './ws-protocol.js';

export interface Offer {
  readonly format: WireFormat;
  /** The subprotocol to answer with; empty for a client that offers none. Never the one that carries the token. */
  readonly protocol: string;
  readonly token: string | undefined;
}

/**
 * @param subprotocols the header `Sec-WebSocket-Protocol`, empty where absent
 * @throws HotslotError INTENT_FIELD_INVALID for a format or a subprotocol that is not known
 */
export function readOffer(subprotocols: string, query: URLSearchParams): Offer {
  const offered = subprotocols.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
  const bearer = offered.find((one) => one.startsWith(BEARER_SUBPROTOCOL));
  const named = offered.filter((one) => !one.startsWith(BEARER_SUBPROTOCOL));
  const protocol = named.find((one) => one === SUBPROTOCOL || one === MSGPACK_SUBPROTOCOL) ?? '';
  if (protocol === '' && named.length > 0) {
    const detail = `It must be ${SUBPROTOCOL} or ${MSGPACK_SUBPROTOCOL}.`;
    throw new HotslotError('INTENT_FIELD_INVALID', { field: 'Sec-WebSocket-Protocol', detail });
  }
  const format = query.get('format') ?? (protocol === MSGPACK_SUBPROTOCOL ? 'msgpack' : 'json');
  if (format !== 'json' && format !== 'msgpack')
    throw new HotslotError('INTENT_FIELD_INVALID', {
      field: 'format',
      detail: 'It must be json or msgpack.',
    });
  const token =
    bearer === undefined
      ? undefined
      : Buffer.from(bearer.slice(BEARER_SUBPROTOCOL.length), 'base64url').toString('utf8');
  return { format, protocol, token };
}
