/** An alert in the forms in which receivers take it. */
import { createHmac } from 'node:crypto';
import type { Alert } from './alert-watch.js';

/** Which executor it is, for whoever watches several. */
export interface AlertSource {
  readonly host: string;
  readonly pid: number;
  readonly version: string;
}

export interface OutgoingRequest {
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

/** Somebody who is told of alerts. */
export interface AlertTarget {
  /** For logs and health: never the URL, which may be a secret. */
  readonly name: string;
  /** Made anew at each attempt. @param nowMs epoch ms */
  request(alert: Alert, nowMs: number): OutgoingRequest;
}

export const TIMESTAMP_HEADER = 'x-hotslot-timestamp';
export const SIGNATURE_HEADER = 'x-hotslot-signature';
const JSON_HEADERS = { 'content-type': 'application/json' };

/** HMAC-SHA256 over the timestamp, a full stop and the body, as `sha256=<hex>`. */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

/** The alert as JSON, signed; receivers tell repetitions by its `id` and old ones by the signed timestamp. */
export function webhookTarget(name: string, url: string, secret: string, source: AlertSource): AlertTarget {
  return {
    name,
    request: (alert, nowMs) => {
      const body = JSON.stringify({ id: idOf(alert), ...alert, source });
      const timestamp = String(nowMs);
      return {
        url,
        body,
        headers: {
          ...JSON_HEADERS,
          [TIMESTAMP_HEADER]: timestamp,
          [SIGNATURE_HEADER]: signatureOf(secret, timestamp, body),
        },
      };
    },
  };
}

/** An incoming webhook of Slack. Its three special characters are escaped. */
export function slackTarget(url: string, source: AlertSource): AlertTarget {
  return {
    name: 'slack',
    request: (alert) => {
      const text = sentence(alert, source)
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;');
      return { url, headers: JSON_HEADERS, body: JSON.stringify({ text }) };
    },
  };
}

/** `sendMessage` of Telegram's bot API, as plain text. */
export function telegramTarget(
  options: { readonly apiUrl: string; readonly botToken: string; readonly chatId: string },
  source: AlertSource,
): AlertTarget {
  const url = `${options.apiUrl.replace(/\/$/, '')}/bot${options.botToken}/sendMessage`;
  return {
    name: 'telegram',
    request: (alert) => ({
      url,
      headers: JSON_HEADERS,
      body: JSON.stringify({ chat_id: options.chatId, text: sentence(alert, source) }),
    }),
  };
}

/** One change has one id, however often it is delivered. */
function idOf({ name, status, sinceMs }: Alert): string {
  return `${name}-${status}-${sinceMs}`;
}

function sentence(alert: Alert, { host }: AlertSource): string {
  const { status, severity, name, summary, unit } = alert;
  const number = (value: number) => `${Math.round(value * 100) / 100}${unit === '' ? '' : ` ${unit}`}`;
  const lasted = Math.round((alert.sinceMs - alert.firedAtMs) / 1_000);
  const head = status === 'firing' ? `FIRING (${severity})` : `RESOLVED after ${lasted} s`;
  return `${head}: ${name} on ${host}. ${summary} Now ${number(alert.value)}, threshold ${number(alert.threshold)}.`;
}
