import uWS, { type TemplatedApp, type us_listen_socket } from 'uWebSockets.js';

/** What the binary has and its types leave out. */
interface ExclusiveListener {
  listen(
    host: string,
    port: number,
    options: number,
    done: (socket: us_listen_socket | false) => void,
  ): unknown;
}

/**
 * Listens on a port that no other process can share: by default two processes were seen on one port, and a stop
 * could reach the wrong one.
 * @returns the port, or undefined when it is taken
 */
export function listenExclusive(app: TemplatedApp, host: string, port: number): Promise<number | undefined> {
  const exclusive = (uWS as unknown as { readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number })
    .LIBUS_LISTEN_EXCLUSIVE_PORT;
  return new Promise((resolve) => {
    (app as unknown as ExclusiveListener).listen(host, port, exclusive, (socket) => {
      resolve(socket === false ? undefined : uWS.us_socket_local_port(socket));
    });
  });
}
