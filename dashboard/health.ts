/** Health checks, circuit breakers and alerts. */
import { post, wordsOf } from './api.js';
import { byId, KeyedRows, make, type Row, setData, setHidden, setText } from './dom.js';
import { measured, NOTHING, span, timeOfDay } from './format.js';
import type { BreakerData, Breakers, KillSwitchData, RaisedAlert, Status } from './types.js';

type Check = Status['health']['checks'][number];
type Breaker = Breakers['breakers'][number];

/** From good to bad; the worst are shown first. */
const LEVELS = ['ok', 'warn', 'critical'];

export class HealthView {
  readonly #rows = new KeyedRows<Check>(byId('health-rows', HTMLElement), ({ name }) => name, checkRow);

  show({ health, ready, embedded, liveTrading, version }: Status): void {
    const summary = byId('health-summary', HTMLElement);
    const worstFirst = [...health.checks].sort((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level));
    setText(summary, summaryOf(health.status, worstFirst));
    setData(summary, 'level', health.status);
    const readiness = byId('ready', HTMLElement);
    setText(readiness, ready.ready ? 'ready' : `waits for ${ready.waitingFor.join(', ')}`);
    setData(readiness, 'level', ready.ready ? 'ok' : 'warn');
    const real = liveTrading ? 'real endpoints, live' : 'real endpoints, simulated';
    setText(byId('mode', HTMLElement), embedded ? 'embedded cluster' : real);
    setText(byId('version', HTMLElement), `v${version}`);
    this.#rows.show(worstFirst);
  }
}

/** The worst check by name: whoever looks from afar need not look further down. */
function summaryOf(status: string, worstFirst: readonly Check[]): string {
  const [worst, ...others] = worstFirst.filter(({ level }) => level !== 'ok').map(({ name }) => name);
  if (worst === undefined) return status === 'ok' ? 'healthy' : status;
  return `${status}: ${worst}${others.length === 0 ? '' : ` and ${others.length} more`}`;
}

function checkRow(): Row<Check> {
  const dot = make('span', 'dot');
  const name = make('span', 'what');
  const value = make('span', 'value');
  const since = make('span', 'since');
  return {
    element: make('li', '', dot, name, value, since),
    update: (check) => {
      setData(dot, 'level', check.level);
      dot.title = check.level;
      setText(name, check.name);
      name.title = check.name;
      setText(value, measured(check.value, check.unit));
      const held = span(Date.now() - check.sinceMs);
      setText(since, check.level === 'ok' ? held : `${check.level} ${held}`);
      since.title = `${check.level} for ${held}`;
    },
  };
}

export class BreakersView {
  readonly #fault = byId('breaker-fault', HTMLElement);
  readonly #rows: KeyedRows<Breaker>;
  readonly #onChanged: (breakers: Breakers) => void;

  constructor() {
    this.#onChanged = (breakers) => this.show(breakers);
    this.#rows = new KeyedRows(
      byId('breaker-rows', HTMLElement),
      ({ name }) => name,
      () => this.#row(),
    );
  }

  show({ breakers }: Breakers): void {
    this.#rows.show(breakers);
  }

  #row(): Row<Breaker> {
    const dot = make('span', 'dot');
    const name = make('span', 'what');
    const since = make('span', 'since');
    const button = make('button', 'quiet small');
    button.type = 'button';
    button.addEventListener('click', () => void this.#toggle(button));
    return {
      element: make('li', '', dot, name, since, button),
      update: (breaker) => {
        const isClosed = breaker.state === 'closed';
        setData(dot, 'level', isClosed ? 'ok' : breaker.state === 'halfOpen' ? 'warn' : 'critical');
        setText(name, breaker.name);
        name.title = breaker.name;
        const forMs = breaker.openedAtMs === undefined ? undefined : Date.now() - breaker.openedAtMs;
        setText(since, forMs === undefined ? 'closed' : `${breaker.state} for ${span(forMs)}`);
        setText(button, isClosed ? 'Open' : 'Close');
        button.setAttribute('aria-label', `${isClosed ? 'Open' : 'Close'} ${breaker.name}`);
        button.dataset.path = `/api/circuit-breakers/${encodeURIComponent(breaker.name)}/${isClosed ? 'open' : 'close'}`;
      },
    };
  }

  async #toggle(button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    setHidden(this.#fault, true);
    try {
      this.#onChanged(await post<Breakers>(button.dataset.path ?? ''));
    } catch (error) {
      setText(this.#fault, wordsOf(error));
      setHidden(this.#fault, false);
    } finally {
      button.disabled = false;
    }
  }
}

/** Past happenings that are kept. */
const MAX_HAPPENINGS = 30;

interface Line {
  readonly key: string;
  readonly level: string;
  readonly text: string;
  readonly atMs: number;
}

export class AlertsView {
  readonly #rows = new KeyedRows<Line>(byId('alert-rows', HTMLElement), ({ key }) => key, lineRow);
  readonly #raised = new Map<string, RaisedAlert>();
  #happenings: Line[] = [];
  /** Of this page: an executor that starts anew counts its events anew. */
  #count = 0;

  reset(raised: readonly RaisedAlert[]): void {
    this.#raised.clear();
    for (const alert of raised) this.#raised.set(alert.name, alert);
    this.#show();
  }

  put(data: KillSwitchData | BreakerData | RaisedAlert, atMs: number): void {
    if (data.kind === 'alert' && data.state === 'raised') this.#raised.set(data.name, data);
    else {
      if (data.kind === 'alert') this.#raised.delete(data.name);
      this.#count += 1;
      const line = { key: `event ${this.#count}`, atMs, ...happening(data) };
      this.#happenings = [line, ...this.#happenings].slice(0, MAX_HAPPENINGS);
    }
    this.#show();
  }

  #show(): void {
    const raised = [...this.#raised.values()].map(
      ({ name, level, message, sinceMs }): Line => ({
        key: `raised ${name}`,
        level,
        text: message,
        atMs: sinceMs,
      }),
    );
    const lines = [...raised, ...this.#happenings];
    this.#rows.show(lines);
    setHidden(byId('alerts-empty', HTMLElement), lines.length > 0);
    setText(byId('alerts-count', HTMLElement), raised.length === 0 ? '' : `${raised.length} raised`);
  }
}

function happening(data: KillSwitchData | BreakerData | RaisedAlert): { level: string; text: string } {
  if (data.kind === 'alert') return { level: 'ok', text: `${data.name} is over` };
  if (data.kind === 'breaker') {
    const detail = data.detail === undefined || data.state === 'closed' ? '' : `: ${data.detail}`;
    return {
      level: data.state === 'closed' ? 'ok' : 'warn',
      text: `breaker ${data.name} ${data.state}${detail}`,
    };
  }
  if (!data.active) return { level: 'ok', text: 'kill switch released' };
  return { level: 'critical', text: `kill switch ${data.grade}: ${data.reason || NOTHING}` };
}

function lineRow(): Row<Line> {
  const dot = make('span', 'dot');
  const text = make('span', 'what');
  const time = make('span', 'since');
  return {
    element: make('li', '', dot, text, time),
    update: (line) => {
      setData(dot, 'level', line.level);
      setText(text, line.text);
      text.title = line.text;
      setText(time, timeOfDay(line.atMs));
    },
  };
}
