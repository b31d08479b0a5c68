/**
 * Alerts reach real servers, signed; a receiver that fails is tried again within bounds and then left alone for a
 * while, and nobody waits for it.
 */
import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { VitalSigns } from '../src/alerts/alert-table.js';
import { ALERT_LOOK_MS, type Alert, AlertWatch } from '../src/alerts/alert-watch.js';
import { type AlertSettings, deliverAlerts } from '../src/alerts/deliver-alerts.js';
import { BREAKER_FAILURES, BREAKER_OPEN_MS, MAX_WAITING } from '../src/alerts/delivery-queue.js';
import { SIGNATURE_HEADER, TIMESTAMP_HEADER } from '../src/alerts/message.js';
import type { LogFields } from '../src/logging/log.js';
import { accept, alertReceiver } from './support/alert-receiver.js';
import { eventually } from './support/executor-under-test.js';
import { ManualClock } from './support/manual-clock.js';

const SECRET = 'a secret of sixteen';
const TIMEOUT_MS = 5_000;
const LOUD = { killSwitchActive: 1 } as VitalSigns;
const QUIET = { killSwitchActive: 0 } as VitalSigns;

const status =
  (code: number, headers = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end('no');

function deliver(settings: Partial<AlertSettings>) {
  const clock = new ManualClock();
  let signs = QUIET;
  const logged: { level: string; message: string; fields: LogFields | undefined }[] = [];
  const write = (level: string) => (message: string, fields?: LogFields) =>
    void logged.push({ level, message, fields });
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const watch = new AlertWatch({ clock, signs: () => signs });
  const delivery = deliverAlerts({
    watch,
    clock,
    log,
    random: { next: () => 0 },
    settings: {
      ALERT_WEBHOOK_URLS: [],
      ALERT_WEBHOOK_SECRET: SECRET,
      ALERT_SLACK_URL: undefined,
      ALERT_TELEGRAM_BOT_TOKEN: undefined,
      ALERT_TELEGRAM_CHAT_ID: undefined,
      ALERT_TELEGRAM_API_URL: 'https://api.telegram.org',
      ALERT_TIMEOUT_MS: TIMEOUT_MS,
      ...settings,
    },
  });
  onTestFinished(async () => {
    watch.close();
    await delivery.close();
  });
  return {
    clock,
    logged,
    delivery,
    turn(next: VitalSigns) {
      signs = next;
      clock.advance(ALERT_LOOK_MS);
    },
    state: () => delivery.states()[0]!,
    /** Real time passes at the network, the clock's only when told. */
    until: (what: string, holds: () => boolean) => eventually(what, () => (holds() ? true : undefined)),
  };
}

describe('a webhook', () => {
  it('gets each change as JSON, signed over its timestamp and body', async () => {
    const { received, url } = await alertReceiver(accept);
    const rig = deliver({ ALERT_WEBHOOK_URLS: [`${url}/hook?key=private`] });
    rig.turn(LOUD);
    await rig.until('the first', () => rig.state().delivered === 1);
    rig.turn(QUIET);
    await rig.until('the second', () => rig.state().delivered === 2);
    const bodies = received.map(({ body }) => JSON.parse(body) as Alert & { id: string });
    expect(bodies).toMatchObject([
      { name: 'KillSwitchActivated', severity: 'critical', status: 'firing', value: 1, threshold: 0 },
      { name: 'KillSwitchActivated', status: 'resolved', value: 0 },
    ]);
    expect(new Set(bodies.map(({ id }) => id)).size).toBe(2);
    const { headers, body, path } = received[0]!;
    const timestamp = String(headers[TIMESTAMP_HEADER]);
    expect(path).toBe('/hook?key=private');
    expect(headers['content-type']).toBe('application/json');
    expect(Number(timestamp)).toBe(bodies[0]!.sinceMs);
    const expected = createHmac('sha256', SECRET).update(`${timestamp}.${body}`).digest('hex');
    expect(headers[SIGNATURE_HEADER]).toBe(`sha256=${expected}`);
  });

  it('keeps its secret and its URL out of log, state and body', async () => {
    const { received, url } = await alertReceiver(status(500));
    const rig = deliver({ ALERT_WEBHOOK_URLS: [`${url}/hook?key=private`] });
    rig.turn(LOUD);
    await rig.until('the fault', () => rig.state().fault !== undefined);
    const told = JSON.stringify([rig.logged, rig.delivery.states(), received.map(({ body }) => body)]);
    expect(told).not.toContain(SECRET);
    expect(told).not.toContain('private');
    expect(told).toContain(`webhook:${new URL(url).host}`);
  });
});

it('Slack gets a text with its three characters escaped', async () => {
  const { received, url } = await alertReceiver(accept);
  const rig = deliver({ ALERT_SLACK_URL: `${url}/services/T/B/x` });
  rig.turn({ slippagePercent: 4 } as VitalSigns);
  await rig.until('delivery', () => rig.state().delivered === 1);
  const { text } = JSON.parse(received[0]!.body);
  expect(text).toMatch(/^FIRING \(warning\): SlippageHigh on \S+ .*Now 4 %, threshold 3 %\.$/);
  expect(Object.keys(JSON.parse(received[0]!.body))).toEqual(['text']);
});

it('Telegram gets a message for the chat, by the path of its bot', async () => {
  const { received, url } = await alertReceiver(accept);
  const botToken = '123456:abcdefgh_IJK-12345';
  const rig = deliver({
    ALERT_TELEGRAM_API_URL: url,
    ALERT_TELEGRAM_BOT_TOKEN: botToken,
    ALERT_TELEGRAM_CHAT_ID: '@ops',
  });
  rig.turn(LOUD);
  await rig.until('delivery', () => rig.state().delivered === 1);
  expect(received[0]!.path).toBe(`/bot${botToken}/sendMessage`);
  expect(JSON.parse(received[0]!.body)).toEqual({
    chat_id: '@ops',
    text: expect.stringMatching(/^FIRING \(critical\): KillSwitchActivated on /),
  });
});

describe('a receiver that fails', () => {
  it('is tried again with back-off, and what it gets then is signed anew', async () => {
    const { received, url } = await alertReceiver((response, count) =>
      count < 3 ? status(503)(response) : accept(response),
    );
    const rig = deliver({ ALERT_WEBHOOK_URLS: [url] });
    rig.turn(LOUD);
    await rig.until('the first failure', () => rig.state().fault === 'HTTP 503');
    rig.clock.advance(999);
    expect(received).toHaveLength(1);
    rig.clock.advance(1);
    await rig.until('the second failure', () => rig.logged.filter(isFault).length === 2);
    rig.clock.advance(1_999);
    expect(received).toHaveLength(2);
    rig.clock.advance(1);
    await rig.until('delivery', () => rig.state().delivered === 1);
    expect(rig.state()).toMatchObject({ fault: undefined, waiting: 0, lost: 0 });
    const [first, , third] = received.map(({ headers }) => headers[TIMESTAMP_HEADER]);
    expect(Number(third) - Number(first)).toBe(3_000);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  });

  it('and says when to come back is not asked before', async () => {
    const { received, url } = await alertReceiver((response, count) =>
      count === 1 ? status(429, { 'retry-after': '7' })(response) : accept(response),
    );
    const rig = deliver({ ALERT_SLACK_URL: url });
    rig.turn(LOUD);
    await rig.until('the failure', () => rig.state().fault === 'HTTP 429');
    rig.clock.advance(6_999);
    expect(received).toHaveLength(1);
    rig.clock.advance(1);
    await rig.until('delivery', () => rig.state().delivered === 1);
  });

  it('and refuses for good is not tried again with that alert', async () => {
    const { received, url } = await alertReceiver((response, count) =>
      count === 1 ? status(403)(response) : accept(response),
    );
    const rig = deliver({ ALERT_WEBHOOK_URLS: [url] });
    rig.turn(LOUD);
    await rig.until('the refusal', () => rig.state().lost === 1);
    rig.turn(QUIET);
    await rig.until('the next one', () => rig.state().delivered === 1);
    expect(received.map(({ body }) => JSON.parse(body).status)).toEqual(['firing', 'resolved']);
    const fault = rig.logged.find(isFault);
    expect(fault).toMatchObject({ level: 'warn', fields: { gaveUp: true, error: 'HTTP 403' } });
  });

  it('and never answers costs its time-out, again and again, until its breaker opens and closes', async () => {
    let isBack = false;
    const { received, url } = await alertReceiver((response) => {
      if (isBack) accept(response);
    });
    const rig = deliver({ ALERT_WEBHOOK_URLS: [url] });
    rig.turn(LOUD);
    for (let attempt = 1; attempt <= BREAKER_FAILURES; attempt++) {
      await rig.until(`attempt ${attempt}`, () => received.length === attempt);
      rig.clock.advance(TIMEOUT_MS);
      await rig.until(`its end`, () => rig.logged.filter(isFault).length === attempt);
      if (attempt < BREAKER_FAILURES) rig.clock.advance(1_000 * 2 ** (attempt - 1));
    }
    expect(rig.state()).toMatchObject({ breaker: 'open', fault: 'ETIMEDOUT', waiting: 1 });
    rig.clock.advance(BREAKER_OPEN_MS - 1);
    expect(received).toHaveLength(BREAKER_FAILURES);
    isBack = true;
    rig.clock.advance(1);
    await rig.until('delivery', () => rig.state().delivered === 1);
    expect(rig.state()).toMatchObject({ breaker: 'closed', lost: 0 });
  });

  it('has so many alerts waiting at most: the oldest are lost, and counted', async () => {
    const { received, url } = await alertReceiver(() => undefined);
    const rig = deliver({ ALERT_WEBHOOK_URLS: [url] });
    rig.turn(LOUD);
    await rig.until('the first', () => received.length === 1);
    for (let times = 1; times < MAX_WAITING; times++) rig.turn(times % 2 === 1 ? QUIET : LOUD);
    expect(rig.state().lost).toBe(0);
    expect(rig.state().waiting).toBeLessThanOrEqual(MAX_WAITING);
    const before = rig.state();
    rig.turn(LOUD);
    rig.turn(QUIET);
    rig.turn(LOUD);
    expect(rig.state().waiting).toBe(MAX_WAITING);
    expect(rig.state().lost).toBeGreaterThan(before.lost);
  });

  it('is nobody else’s business: the log and the other receivers have heard already', async () => {
    const dead = await alertReceiver(() => undefined);
    const { url } = await alertReceiver(accept);
    const rig = deliver({ ALERT_WEBHOOK_URLS: [dead.url, url] });
    rig.turn(LOUD);
    expect(rig.logged[0]).toMatchObject({ level: 'error', message: 'alert firing' });
    await rig.until('the other', () => rig.delivery.states()[1]!.delivered === 1);
    rig.turn(QUIET);
    expect(rig.logged.at(-1)).toMatchObject({ level: 'info', message: 'alert resolved' });
  });
});

it('two webhooks of one host have names of their own', () => {
  const rig = deliver({ ALERT_WEBHOOK_URLS: ['http://127.0.0.1:1/a', 'http://127.0.0.1:1/b'] });
  expect(rig.delivery.states().map(({ target }) => target)).toEqual([
    'webhook:127.0.0.1:1',
    'webhook:127.0.0.1:1#2',
  ]);
});

const isFault = ({ message }: { message: string }) => message === 'an alert could not be delivered';
