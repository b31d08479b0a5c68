/** The page in a real browser, against a real executor on the embedded cluster. */
import { createServer, type Server } from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createNetServer,
  type Server as NetServer,
  type Socket,
} from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ControlClient } from '../src/cli/control-client.js';
import { openBrowser, type PageRecord, recordPage } from './support/browser.js';
import { ExecutorUnderTest, orderFor, QUIET_CLUSTER } from './support/executor-under-test.js';
import { freePort } from './support/installation.js';

const TOKEN = 'token-of-the-dashboard-test';

let browser: Browser;
let executor: ExecutorUnderTest;
let control: ControlClient;

/** Of one life after another: a page knows its executor by the port. */
let port: number;

beforeAll(async () => {
  port = await freePort();
  executor = new ExecutorUnderTest({ ...QUIET_CLUSTER, CONTROL_PORT: String(port) });
  [control, browser] = await Promise.all([executor.ready(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await executor.dispose();
});

async function openPage(
  url: string,
  width = 1280,
  prepare: (page: Page) => Promise<void> = async () => undefined,
): Promise<{ page: Page; record: PageRecord }> {
  const context = await browser.newContext({ viewport: { width, height: 900 } });
  const page = await context.newPage();
  await prepare(page);
  const record = recordPage(page);
  await page.goto(url);
  return { page, record };
}

/** The way to the executor, on which a WebSocket can go dead without an end for either side. */
class NetworkBetween {
  readonly #server: NetServer;
  readonly #webSockets = new Set<Socket>();

  private constructor(to: number) {
    this.#server = createNetServer((near) => {
      const far = connect(to, '127.0.0.1');
      const end = () => {
        near.destroy();
        far.destroy();
      };
      for (const socket of [near, far]) socket.on('error', end).on('close', end);
      near.once('data', (head) => {
        if (head.toString('latin1').startsWith('GET /ws')) this.#webSockets.add(near).add(far);
      });
      near.pipe(far).pipe(near);
    });
  }

  static async open(to: number): Promise<NetworkBetween> {
    const network = new NetworkBetween(to);
    await new Promise<void>((resolve) => network.#server.listen(0, '127.0.0.1', resolve));
    return network;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** On those that are open now nothing comes through any more. */
  silence(): void {
    for (const socket of this.#webSockets) socket.unpipe().pause();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#webSockets) socket.destroy();
  }
}

const live = (page: Page) => page.waitForSelector('body[data-live=yes]', { timeout: 20_000 });

describe('the dashboard', () => {
  let page: Page;
  let record: PageRecord;
  beforeAll(async () => {
    ({ page, record } = await openPage(control.url));
    await live(page);
  });

  it('shows trades as they move, from its own address alone, and complains of nothing', async () => {
    await control.post('/api/trades', await orderFor(control, 'seen-on-the-page'));
    await page.waitForSelector('#trade-rows tr[title*=seen-on-the-page] .chip[data-state=finalized]');
    const row = page.locator('#trade-rows tr[title*=seen-on-the-page]');
    expect(await row.locator('.progress').getAttribute('aria-label')).toBe('step 6 of 6');
    expect(await row.locator('td').nth(6).textContent()).toMatch(/^[\d.]+ (ms|s)$/);
    await page.waitForSelector('#tile-confirmed:not(:has-text("–"))');
    await page.locator('.segments label', { hasText: 'Not landed' }).click();
    await page.waitForSelector('#trades-empty:has-text("None among")');
    await page.locator('.segments label', { hasText: 'All' }).click();
    expect(await page.locator('#health-rows li').count()).toBeGreaterThan(5);
    expect(await page.locator('#stage-rows tr').count()).toBe(12);
    expect(await page.locator('#throughput canvas').count()).toBe(1);
    expect(record.complaints).toEqual([]);
    const { host } = new URL(control.url);
    expect(record.requests.filter((url) => url.host !== host)).toEqual([]);
    expect(record.requests.some(({ pathname }) => pathname === '/ws')).toBe(true);
  });

  it('stops by the keyboard alone once it has said what that does, and releases with a reason', async () => {
    await page.locator('#stop-open').focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('#stop-dialog').textContent()).toContain('Not one byte leaves');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#kill-strip[data-grade=stop]');
    expect(await killSwitch()).toMatchObject({
      active: true,
      grade: 'stop',
      reason: 'stopped on the dashboard',
    });
    expect(await page.locator('#kill-out').textContent()).toMatch(/^\d+ cancelled; \d+ may still land/);
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
    expect(await page.evaluate('scrollY')).toBeGreaterThan(100);
    expect((await page.locator('#kill-strip').boundingBox())?.y).toBeGreaterThan(0);

    await page.click('#release-open');
    // Without a reason the form is not sent.
    await page.click('#release-confirm');
    expect(await killSwitch()).toMatchObject({ active: true });
    await page.fill('#release-reason', 'tried on the page');
    await page.click('#release-confirm');
    await page.waitForSelector('#kill-strip', { state: 'hidden' });
    expect(await killSwitch()).toMatchObject({ active: false });
    await page.waitForSelector('#alert-rows li:has-text("kill switch released")');
  });

  it('asks for a stop again, though the last time it was asked for less', async () => {
    await page.click('#stop-open');
    await page.check('input[name=grade][value=drain]');
    await page.fill('#stop-reason', 'a pause');
    await page.click('#stop-confirm');
    await page.waitForSelector('#kill-strip[data-grade=drain]');
    await page.click('#stop-open');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#kill-strip[data-grade=stop]');
    expect(await killSwitch()).toMatchObject({ grade: 'stop', reason: 'stopped on the dashboard' });
    await page.click('#release-open');
    await page.fill('#release-reason', 'tried once more');
    await page.click('#release-confirm');
    await page.waitForSelector('#kill-strip', { state: 'hidden' });
  });

  it('takes no answer that was on its way before a stop for what is so after it', async () => {
    const { page: slow } = await openPage(control.url);
    await live(slow);
    let stopped: () => void = () => undefined;
    const isStopped = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    await new Promise<void>((asked) =>
      slow.route('**/api/status', async (route) => {
        const response = await route.fetch();
        asked();
        await isStopped;
        await route.fulfill({ response });
      }),
    );
    await slow.click('#stop-open');
    await slow.keyboard.press('Enter');
    await slow.waitForSelector('#kill-out:has-text("may still land")');
    const late = slow.waitForResponse('**/api/status');
    stopped();
    await late;
    // In force and told, whatever the late answer says; the next one says it too.
    await slow.waitForResponse('**/api/status');
    expect(await slow.locator('#kill-out').textContent()).toContain('may still land');
    await slow.context().close();
    await control.post('/api/kill-switch', { active: false, reason: 'tried' });
  });

  it('opens and closes a breaker', async () => {
    const button = page.locator('#breaker-rows li', { hasText: 'rpc:' }).locator('button');
    await button.click();
    await page.waitForSelector('#breaker-rows li:has-text("rpc:"):has-text("forcedOpen")');
    await button.click();
    await page.waitForSelector('#breaker-rows li:has-text("rpc:"):has-text("closed")');
    const { breakers } = (await control.get('/api/circuit-breakers')) as { breakers: { state: string }[] };
    expect(breakers.filter(({ state }) => state !== 'closed')).toEqual([]);
  });

  it('fits a phone without scrolling sideways', async () => {
    const { page: phone } = await openPage(control.url, 390);
    await live(phone);
    expect(await phone.evaluate('document.documentElement.scrollWidth')).toBe(390);
    // Nor does a table within its card: what is cut off there is not seen to be missing.
    await phone.waitForSelector('#trade-rows tr');
    const cut = `[...document.querySelectorAll('.scroll, .lines')]
      .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.closest('section').id)`;
    expect(await phone.evaluate(cut)).toEqual([]);
    expect(await phone.locator('#stop-open').isVisible()).toBe(true);
    expect(await phone.locator('#mode').isVisible()).toBe(true);
    await phone.context().close();
  });

  it('says that it is cut off while the executor is away, and comes back with the next one by itself', async () => {
    await executor.stop();
    await page.waitForSelector('#banner:has-text("Connection lost")');
    expect(await page.locator('body').getAttribute('data-live')).toBe('no');
    executor = new ExecutorUnderTest({ ...QUIET_CLUSTER, CONTROL_PORT: String(port) }, executor.directory);
    control = await executor.ready();
    await live(page);
    await page.waitForSelector('#banner', { state: 'hidden' });
    expect(await page.locator('#link').textContent()).toBe('connected');
    // The new one counts its events from the beginning: what it tells is not taken for what the old one told.
    await control.post('/api/kill-switch', { reason: 'in another life' });
    await page.waitForSelector('#alert-rows li:has-text("kill switch stop: in another life")');
    await control.post('/api/kill-switch', { active: false, reason: 'over' });
  });

  it('connects anew where the network has dropped its connection and nobody said so', async () => {
    const network = await NetworkBetween.open(port);
    const { page: far } = await openPage(`http://127.0.0.1:${network.port}/`, 1280, (one) =>
      one.clock.install(),
    );
    try {
      await live(far);
      network.silence();
      await far.waitForSelector('body[data-live=no]');
      await far.clock.fastForward(15_000);
      await live(far);
    } finally {
      await far.context().close();
      network.close();
    }
  });
});

describe('a page of another origin', () => {
  let stranger: Server;
  beforeEach(async () => {
    stranger = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<p>'),
    );
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  });

  it('can neither read, nor stop, nor connect', async () => {
    const { page } = await openPage(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`);
    const outcome = await page.evaluate(async (url) => {
      const attempt = (init: RequestInit, path: string) =>
        fetch(url + path, init).then(
          () => 'read',
          () => 'refused',
        );
      const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, 'hotslot.v1');
      const connected = await new Promise((resolve) => {
        socket.onopen = () => resolve('connected');
        socket.onerror = () => resolve('refused');
      });
      return {
        status: await attempt({}, '/api/status'),
        stop: await attempt({ method: 'POST', body: '{}' }, '/api/kill-switch'),
        // As a form would send it, without asking the server for leave.
        blind: await attempt({ method: 'POST', mode: 'no-cors', body: '' }, '/api/kill-switch'),
        connected,
      };
    }, control.url);
    expect(outcome).toEqual({ status: 'refused', stop: 'refused', blind: 'refused', connected: 'refused' });
    expect(await killSwitch()).toMatchObject({ active: false });
    await page.context().close();
    stranger.close();
  });
});

describe('with tokens', () => {
  it('asks for one, keeps it in the tab alone, and says what a weak one may not do', async () => {
    const guarded = new ExecutorUnderTest({
      ...QUIET_CLUSTER,
      API_TOKEN: 'an-admin-token-for-the-dashboard',
      API_TOKEN_READ: TOKEN,
    });
    try {
      const { url } = await guarded.control();
      const { page, record } = await openPage(url);
      await page.waitForSelector('#token-dialog[open]');
      await page.fill('#token-value', TOKEN);
      await page.keyboard.press('Enter');
      await live(page);
      expect(record.requests.filter((one) => one.href.includes(TOKEN))).toEqual([]);
      const kept = await page.evaluate('[{ ...sessionStorage }, { ...localStorage }, document.cookie]');
      expect(kept).toEqual([{ 'hotslot-token': TOKEN }, {}, '']);
      await page.click('#stop-open');
      await page.click('#stop-confirm');
      await page.waitForSelector('#stop-fault:has-text("does not allow")');
      await page.context().close();
    } finally {
      await guarded.dispose();
    }
  });
});

async function killSwitch(): Promise<unknown> {
  const status = (await control.get('/api/status')) as { risk: { killSwitch: unknown } };
  return status.risk.killSwitch;
}
