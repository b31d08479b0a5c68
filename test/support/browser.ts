/** Debian's Chromium, with nothing of its own that goes out or stays behind. */
import { type Browser, chromium, type Page } from 'playwright-core';

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** What a page complains of, and every address that it asks for. */
export interface PageRecord {
  readonly complaints: string[];
  readonly requests: URL[];
}

export function recordPage(page: Page): PageRecord {
  const record: PageRecord = { complaints: [], requests: [] };
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') record.complaints.push(message.text());
  });
  page.on('pageerror', (error) => record.complaints.push(String(error.stack ?? error)));
  page.on('request', (request) => record.requests.push(new URL(request.url())));
  page.on('websocket', (socket) => record.requests.push(new URL(socket.url())));
  return record;
}
