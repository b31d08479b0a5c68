/** Opens a uWebSockets.js app on a port of its own. */
import uWS from 'uWebSockets.js';

/** `LIBUS_LISTEN_EXCLUSIVE_PORT`, which the package exports at run time only as this number. */
const EXCLUSIVE_PORT = 1;

/** The overload with a host and options is there at run time, but missing in the package's types. */
type Listen = (
  host: string,
  port: number,
  options: number,
  listening: (socket: uWS.us_listen_socket | false) => void,
) => void;

/**
 * Resolves to the port, which the system chooses for 0. Rejects when the port is taken: without the exclusive
 * flag two processes would share it in silence.
 */
export function listen(app: uWS.TemplatedApp, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const open = app.listen.bind(app) as unknown as Listen;
    open(host, port, EXCLUSIVE_PORT, (socket) => {
      if (socket === false) reject(new Error(`cannot listen on ${host}:${port}: the port is taken`));
      else resolve(uWS.us_socket_local_port(socket));
    });
  });
}
