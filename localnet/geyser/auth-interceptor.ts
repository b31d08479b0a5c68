import { createHash, timingSafeEqual } from 'node:crypto';
import { ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';

/** Lets only calls through whose `x-token` metadata is the given one: every service's, health's too. */
export function requireToken(token: string): ServerInterceptor {
  const wanted = digest(token);
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, proceed) => {
            const given = metadata.get('x-token')[0];
            if (given !== undefined && timingSafeEqual(digest(given.toString()), wanted))
              return proceed(metadata);
            call.sendStatus({ code: status.UNAUTHENTICATED, details: 'No valid auth token' });
          },
        }),
    });
}

/** Digests are of one length, which the comparison needs. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
