/** Whether what is shown is what is so: a figure that is not kept up must not look as if it were. */
import { byId, setData, setHidden, setText } from './dom.js';
import { span, timeOfDay } from './format.js';

/** The latency topic alone tells something every second. */
const FRAMES_STALE_MS = 3_500;
const STATUS_STALE_MS = 6_000;

export class Freshness {
  readonly #banner = byId('banner', HTMLElement);
  readonly #title = byId('banner-title', HTMLElement);
  readonly #text = byId('banner-text', HTMLElement);
  readonly #link = byId('link', HTMLElement);
  readonly #startedMs = Date.now();
  #frameMs: number | undefined;
  #statusMs: number | undefined;
  #retryAtMs: number | undefined;
  #refusal: string | undefined;

  frameCame(): void {
    this.#frameMs = Date.now();
  }

  statusCame(): void {
    this.#statusMs = Date.now();
    this.#refusal = undefined;
  }

  /** The executor answers, and says no. */
  refused(why: string): void {
    this.#refusal = why;
  }

  connected(): void {
    this.#retryAtMs = undefined;
    this.frameCame();
  }

  lost(retryAtMs: number): void {
    this.#retryAtMs = retryAtMs;
  }

  /** Called a few times a second. */
  show(): void {
    const nowMs = Date.now();
    const isConnected = this.#retryAtMs === undefined;
    const isLive =
      isConnected && isWithin(this.#frameMs, FRAMES_STALE_MS) && isWithin(this.#statusMs, STATUS_STALE_MS);
    setData(document.body, 'live', isLive ? 'yes' : 'no');
    setData(this.#link, 'level', isLive ? 'ok' : 'critical');
    setText(this.#link, isLive ? 'connected' : isConnected ? 'no news' : 'disconnected');
    // The first moment of a page is no fault yet.
    const isStarting = this.#statusMs === undefined && nowMs - this.#startedMs < FRAMES_STALE_MS;
    setHidden(this.#banner, isLive || (isStarting && this.#refusal === undefined));
    if (isLive) return;
    setText(this.#title, this.#refusal ?? (isConnected ? 'No news from the executor.' : 'Connection lost.'));
    setText(this.#text, `${this.#asOf(nowMs)} ${this.#nextTry(nowMs)}`);
  }

  #asOf(nowMs: number): string {
    const lastMs = Math.min(this.#frameMs ?? 0, this.#statusMs ?? 0);
    if (lastMs === 0) return 'Nothing has come yet.';
    return `Everything below is as it was at ${timeOfDay(lastMs)}, ${span(nowMs - lastMs)} ago.`;
  }

  #nextTry(nowMs: number): string {
    if (this.#retryAtMs === undefined) return '';
    const seconds = Math.ceil((this.#retryAtMs - nowMs) / 1_000);
    return seconds <= 0 ? 'Trying now.' : `Trying again in ${seconds} s.`;
  }
}

const isWithin = (atMs: number | undefined, ms: number) => atMs !== undefined && Date.now() - atMs < ms;
