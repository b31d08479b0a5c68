/** A stop of a real executor is an alert to everybody: the log, HTTP, WebSocket, Prometheus and a signed webhook. */
import { expect, it, onTestFinished } from 'vitest';
import { SIGNATURE_HEADER, signatureOf, TIMESTAMP_HEADER } from '../src/alerts/message.js';
import type { ControlClient } from '../src/cli/control-client.js';
import { accept, alertReceiver } from './support/alert-receiver.js';
import { ExecutorUnderTest, eventually, QUIET_CLUSTER } from './support/executor-under-test.js';
import { TestClient } from './support/ws-client.js';

const SECRET = 'sixteen characters or more';

async function alertsOf(control: ControlClient) {
  return (await control.ask('GET', '/api/alerts')).body as {
    readonly firing: readonly { readonly name: string }[];
    readonly deliveries: readonly { readonly delivered: number }[];
  };
}

it('is told when it fires and when it is over, and its secrets are told nowhere', async () => {
  const { received, url } = await alertReceiver(accept);
  const executor = new ExecutorUnderTest({
    ...QUIET_CLUSTER,
    ALERT_WEBHOOK_URLS: `${url}/hook?key=private`,
    ALERT_WEBHOOK_SECRET: SECRET,
  });
  onTestFinished(() => executor.dispose());
  const control = await executor.ready();
  const client = await new TestClient(control.url).opened();
  onTestFinished(() => client.close());
  client.send({ type: 'subscribe', topics: ['alerts'] });
  await client.snapshotOf('alerts');
  const ofStop = () =>
    received.map(({ body }) => JSON.parse(body)).filter(({ name }) => name === 'KillSwitchActivated');

  await control.ask('POST', '/api/kill-switch', { reason: 'a try' });
  const [fired] = await eventually('the webhook', () => (ofStop().length === 1 ? ofStop() : undefined));
  expect(fired).toMatchObject({ status: 'firing', severity: 'critical', value: 1, threshold: 0 });
  const { headers, body } = received.find((one) => one.body.includes('KillSwitchActivated'))!;
  expect(headers[SIGNATURE_HEADER]).toBe(signatureOf(SECRET, String(headers[TIMESTAMP_HEADER]), body));
  const { firing, deliveries } = await alertsOf(control);
  expect(firing.map(({ name }) => name)).toContain('KillSwitchActivated');
  expect(deliveries).toMatchObject([{ lost: 0, breaker: 'closed' }]);
  await client.frame('event', ({ data }) => JSON.stringify(data).includes('"raised"'));
  const scraped = await (await fetch(`${control.url}/metrics`)).text();
  expect(scraped).toContain('hotslot_kill_switch_active 1');
  expect(scraped).toContain('hotslot_alert_firing{alert="KillSwitchActivated",severity="critical"} 1');

  await control.ask('POST', '/api/kill-switch', { active: false, reason: 'over' });
  await eventually('its end', () => (ofStop().length === 2 ? true : undefined));
  expect(ofStop()[1]).toMatchObject({ status: 'resolved', firedAtMs: fired.firedAtMs });
  expect((await alertsOf(control)).firing.map(({ name }) => name)).not.toContain('KillSwitchActivated');
  const health = JSON.stringify((await control.ask('GET', '/health')).body);
  expect(health).toContain(`alerts:webhook:${new URL(url).host}`);

  await executor.stop();
  const log = JSON.stringify(executor.log());
  expect(log).toContain('alert firing');
  for (const text of [log, health, scraped]) {
    expect(text).not.toContain('private');
    expect(text).not.toContain(SECRET);
  }
});

it('after a restart what still fires is told under the same id, and what is over is told to be over', async () => {
  const { received, url } = await alertReceiver(accept);
  const settings = { ...QUIET_CLUSTER, ALERT_WEBHOOK_URLS: url, ALERT_WEBHOOK_SECRET: SECRET };
  const first = new ExecutorUnderTest(settings);
  onTestFinished(() => first.dispose());
  const told = (name: string) =>
    received.map(({ body }) => JSON.parse(body)).filter((alert) => alert.name === name);
  const control = await first.ready();
  await control.ask('POST', '/api/kill-switch', { reason: 'a try' });
  await control.ask('POST', '/api/circuit-breakers/jupiter/open');
  const isTold = (count: number) =>
    ['KillSwitchActivated', 'CircuitBreakerOpened'].every((name) => told(name).length === count);
  await eventually('both', () => (isTold(1) ? true : undefined));
  await first.stop();

  const second = new ExecutorUnderTest(settings, first.directory);
  onTestFinished(() => second.dispose());
  const later = await second.ready();
  await eventually('both again', () => (isTold(2) ? true : undefined));
  const [stopped, stillStopped] = told('KillSwitchActivated');
  expect(stillStopped).toMatchObject({ id: stopped.id, status: 'firing', firedAtMs: stopped.firedAtMs });
  const [opened, over] = told('CircuitBreakerOpened');
  expect(over).toMatchObject({ status: 'resolved', firedAtMs: opened.firedAtMs });
  expect((await alertsOf(later)).firing.map(({ name }) => name)).toEqual(['KillSwitchActivated']);
});
