/** The operators' plane and who may use it. */
import { z } from 'zod';
import { integer, text } from './schemas.js';
import { setting } from './setting.js';

/** What can stand in an Authorization header. */
const token = z.string().regex(/^[\x21-\x7e]{1,1024}$/, 'must be 1 to 1024 visible ASCII characters');

export const CONTROL = {
  CONTROL_HOST: setting(
    text,
    '127.0.0.1',
    'Address of the control plane. Any but loopback requires API_TOKEN.',
  ),
  CONTROL_PORT: setting(integer(0, 65_535), '3000', 'Port of the control plane; 0 lets the system choose.'),
  KESTRA_COMPAT_PORT: setting(
    integer(0, 65_535),
    undefined,
    "Port of the runbook's two Kestra-shaped routes; 0 lets the system choose. On the embedded cluster 8080 is used where it is free.",
  ),
  CONTROL_MAX_REQUESTS_PER_SECOND: setting(
    integer(1, 1_000_000),
    undefined,
    'Requests a second that one client address may ask of the control plane, and as many at once; more are answered 429, a stop never is. Default: 250000 on loopback, 2000 on any other CONTROL_HOST.',
  ),
  CONTROL_MAX_CONNECTIONS: setting(
    integer(1, 100_000),
    '1024',
    'Connections that the control plane holds at once; more are closed as they come.',
  ),
  API_TOKEN: setting(token, undefined, 'Bearer token of an administrator.', { secret: true }),
  API_TOKEN_TRADE: setting(token, undefined, 'Bearer token that may read and trade.', {
    secret: true,
  }),
  API_TOKEN_READ: setting(token, undefined, 'Bearer token that may read.', { secret: true }),
} as const;
