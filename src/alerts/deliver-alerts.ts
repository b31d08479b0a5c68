/** Everybody who is told of alerts from here: the log, and the receivers that the settings name. */
import { hostname } from 'node:os';
import type { Log } from '../logging/log.js';
import type { Clock } from '../time/clock.js';
import type { Random } from '../time/random.js';
import { VERSION } from '../version.js';
import type { Alert, AlertWatch } from './alert-watch.js';
import { DeliveryQueue, type DeliveryState } from './delivery-queue.js';
import { createPoster } from './http-post.js';
import { type AlertSource, type AlertTarget, slackTarget, telegramTarget, webhookTarget } from './message.js';

export interface AlertDelivery {
  states(): readonly DeliveryState[];
  close(): Promise<void>;
}

/** Those of the settings' group `alerts`. */
export interface AlertSettings {
  readonly ALERT_WEBHOOK_URLS: readonly string[];
  readonly ALERT_WEBHOOK_SECRET: string | undefined;
  readonly ALERT_SLACK_URL: string | undefined;
  readonly ALERT_TELEGRAM_BOT_TOKEN: string | undefined;
  readonly ALERT_TELEGRAM_CHAT_ID: string | undefined;
  readonly ALERT_TELEGRAM_API_URL: string;
  readonly ALERT_TIMEOUT_MS: number;
}

export interface DeliverAlertsOptions {
  readonly watch: AlertWatch;
  readonly settings: AlertSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export function deliverAlerts({ watch, settings, clock, random, log }: DeliverAlertsOptions): AlertDelivery {
  const poster = createPoster(clock, settings.ALERT_TIMEOUT_MS);
  const source = { host: hostname(), pid: process.pid, version: VERSION };
  const queues = targetsOf(settings, source).map(
    (target) =>
      new DeliveryQueue({
        target,
        poster,
        clock,
        random,
        onFault: (fault, alert, gaveUp) =>
          log.warn('an alert could not be delivered', {
            target: target.name,
            alert: alert.name,
            status: alert.status,
            gaveUp,
            error: fault,
          }),
      }),
  );
  watch.onAlert((alert) => {
    logAlert(log, alert);
    for (const queue of queues) queue.add(alert);
  });
  return {
    states: () => queues.map((queue) => queue.state()),
    close: () => {
      for (const queue of queues) queue.close();
      return poster.close();
    },
  };
}

/** @returns one for each receiver; webhooks are told apart by their host and, where that is the same, by number */
export function targetsOf(settings: AlertSettings, source: AlertSource): AlertTarget[] {
  const targets: AlertTarget[] = [];
  const secret = settings.ALERT_WEBHOOK_SECRET;
  const botToken = settings.ALERT_TELEGRAM_BOT_TOKEN;
  for (const url of settings.ALERT_WEBHOOK_URLS) {
    const name = `webhook:${new URL(url).host}`;
    const same = targets.filter((one) => one.name.replace(/#\d+$/, '') === name).length;
    // The settings' rules ask for the secret where there are URLs.
    targets.push(webhookTarget(same === 0 ? name : `${name}#${same + 1}`, url, secret ?? '', source));
  }
  if (settings.ALERT_SLACK_URL !== undefined) targets.push(slackTarget(settings.ALERT_SLACK_URL, source));
  const chatId = settings.ALERT_TELEGRAM_CHAT_ID;
  if (botToken !== undefined && chatId !== undefined) {
    targets.push(telegramTarget({ apiUrl: settings.ALERT_TELEGRAM_API_URL, botToken, chatId }, source));
  }
  return targets;
}

function logAlert(log: Log, { summary, severity, status, ...rest }: Alert): void {
  const level = status === 'resolved' ? 'info' : severity === 'critical' ? 'error' : 'warn';
  log[level](`alert ${status}`, { ...rest, severity, summary });
}
