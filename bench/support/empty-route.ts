/** A uWebSockets.js server with one route that answers nothing: what a control plane could cost at the least. */
import uWS from 'uWebSockets.js';
import { listenExclusive } from '../../src/control/listen-exclusive.js';
import { serveHelper } from './child.js';

serveHelper({
  start: async () => {
    const app = uWS.App();
    app.get('/empty', (response) => {
      response.end();
    });
    return { port: await listenExclusive(app, '127.0.0.1', 0) };
  },
});
