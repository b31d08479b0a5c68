/** How the page is served: by which rules a browser holds it, and who gets it where others reach the port. */
import { afterEach, describe, expect, it } from 'vitest';
import { Access } from '../src/control/access.js';
import { type ControlServer, startControlServer } from '../src/control/control-server.js';
import { mountDashboard } from '../src/control/dashboard-files.js';
import { systemClock } from '../src/time/clock.js';

const TOKEN = 'read-token';

let server: ControlServer | undefined;
afterEach(() => server?.close());

/** On loopback in any case; whether others are thought to reach it is the question. */
async function listen(loopback: boolean): Promise<string> {
  const access = new Access({ admin: 'admin-token', trade: undefined, read: TOKEN, loopback });
  server = await startControlServer({
    host: '127.0.0.1',
    port: 0,
    portSetting: 'CONTROL_PORT',
    routes: [],
    access,
    clock: systemClock,
    onUnexpected: (error) => {
      throw error;
    },
    extend: (app) => mountDashboard(app, { access, clock: systemClock }),
  });
  return `http://127.0.0.1:${server.port}`;
}

const basic = (password: string) => ({
  headers: { authorization: `Basic ${Buffer.from(`anyone:${password}`).toString('base64')}` },
});

describe('the page on loopback', () => {
  it('is open, and may load and do nothing but what this server offers', async () => {
    const url = await listen(true);
    const page = await fetch(`${url}/`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const html = await page.text();
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|\son[a-z]+=|style=|(?:src|href)="(?:https?:)?\/\//);
    const files = [...html.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map((match) => match[1]!);
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) expect([file, (await fetch(url + file)).status]).toEqual([file, 200]);
  });

  it('has no file beside those of the build', async () => {
    const url = await listen(true);
    const admin = { headers: { authorization: 'Bearer admin-token' } };
    for (const path of ['/dashboard/', '/dashboard/../package.json', '/dashboard/..%2f..%2fpackage.json'])
      expect([path, (await fetch(url + path, admin)).status]).toEqual([path, 404]);
  });

  it('is not given to a page of another site', async () => {
    const url = await listen(true);
    expect((await fetch(url, { headers: { origin: 'http://evil.example' } })).status).toBe(403);
  });
});

describe('the page where others reach the port', () => {
  it('needs the token, which a browser is asked for and sends as a password', async () => {
    const url = await listen(false);
    for (const path of ['/', '/dashboard/main.js', '/dashboard/icon.svg']) {
      const refused = await fetch(url + path);
      expect([path, refused.status]).toEqual([path, 401]);
      expect(refused.headers.get('www-authenticate')).toMatch(/^Basic /);
      expect((await fetch(url + path, basic('wrong'))).status).toBe(401);
      expect((await fetch(url + path, basic(TOKEN))).status).toBe(200);
      const bearer = { headers: { authorization: `Bearer ${TOKEN}` } };
      expect((await fetch(url + path, bearer)).status).toBe(200);
    }
  });
});
