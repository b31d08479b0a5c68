/** As many GETs a second as a server answers, from a process of its own. */
import { serveHelper } from './child.js';
import { RawConnection, rawRequest } from './raw-http.js';

const CONNECTIONS = 8;
/** Requests on each connection before its first answer: the generator must not be what is measured. */
const PIPELINED = 16;

export interface HttpLoadOptions {
  readonly port: number;
  readonly path: string;
  readonly durationMs: number;
}

export interface HttpLoadReport {
  readonly requestsPerSecond: number;
  /** Answers with another status than 200. */
  readonly refused: number;
  /** One answer's body, so that it can be looked at. */
  readonly body: string;
}

serveHelper({ start: () => undefined, load });

async function load({ port, path, durationMs }: HttpLoadOptions): Promise<HttpLoadReport> {
  const request = rawRequest(path);
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => RawConnection.open(port)));
  let answered = 0;
  let refused = 0;
  let body = '';
  const startedMs = performance.now();
  const endMs = startedMs + durationMs;
  await Promise.all(
    connections.map(
      (connection) =>
        new Promise<void>((resolve) => {
          const next = (): void => connection.send(request, onAnswer);
          const onAnswer = (answer: { status: number; body: Buffer }): void => {
            answered += 1;
            if (answer.status !== 200) refused += 1;
            if (body === '') body = answer.body.toString('utf8');
            if (performance.now() < endMs) next();
            else if (connection.outstanding === 0) resolve();
          };
          connection.together(() => {
            for (let index = 0; index < PIPELINED; index += 1) next();
          });
        }),
    ),
  );
  const elapsedMs = performance.now() - startedMs;
  for (const connection of connections) connection.close();
  return { requestsPerSecond: (answered / elapsedMs) * 1000, refused, body };
}
