/** Where alerts are delivered. */
import { z } from 'zod';
import { integer, text, url, urlList } from './schemas.js';
import { setting } from './setting.js';

export const ALERTS = {
  ALERT_WEBHOOK_URLS: setting(
    urlList,
    '',
    'URLs to which each alert is posted as signed JSON, comma-separated.',
    { secret: true },
  ),
  ALERT_WEBHOOK_SECRET: setting(
    z.string().min(16, 'must have at least 16 characters').max(4096),
    undefined,
    'Key of the HMAC-SHA256 in `x-hotslot-signature`, over `x-hotslot-timestamp`, a full stop and the body.',
    { secret: true },
  ),
  ALERT_SLACK_URL: setting(url, undefined, 'Incoming webhook of Slack.', { secret: true }),
  ALERT_TELEGRAM_BOT_TOKEN: setting(
    z.string().regex(/^\d{1,20}:[A-Za-z0-9_-]{8,128}$/, 'must be a bot token'),
    undefined,
    'Bot that sends alerts to ALERT_TELEGRAM_CHAT_ID.',
    { secret: true },
  ),
  ALERT_TELEGRAM_CHAT_ID: setting(text, undefined, 'Chat or `@channel` of Telegram.'),
  ALERT_TELEGRAM_API_URL: setting(url, 'https://api.telegram.org', "Telegram's bot API, or one of your own."),
  ALERT_TIMEOUT_MS: setting(
    integer(100, 60_000),
    '5000',
    'Milliseconds after which one delivery of an alert counts as failed.',
  ),
} as const;
