/** The kill switch: its grade, a stop that says what it does, and a release that asks why. */
import { post, wordsOf } from './api.js';
import { byId, setHidden, setText } from './dom.js';
import { integer, span } from './format.js';
import type { KillSwitchAnswer, Status } from './types.js';

type State = Pick<KillSwitchAnswer, 'active' | 'grade' | 'reason'> & {
  readonly sinceMs?: number | null | undefined;
};

const PATH = '/api/kill-switch';
/** Of an attempt that has landed: only a fork that is lost would make it one that may still land. */
const IN_A_BLOCK = new Set(['processed', 'confirmed']);
const WORDS = { off: '', stop: 'Stopped', drain: 'Draining', reduce: 'Reducing only' };

export class KillSwitchView {
  readonly #strip = byId('kill-strip', HTMLElement);
  readonly #stopDialog = byId('stop-dialog', HTMLDialogElement);
  readonly #releaseDialog = byId('release-dialog', HTMLDialogElement);
  /** What the answer to the last stop said, until it is released. */
  #answer: KillSwitchAnswer | undefined;
  #told = 0;

  constructor() {
    byId('stop-open', HTMLElement).addEventListener('click', () => open(this.#stopDialog, 'stop-fault'));
    byId('release-open', HTMLElement).addEventListener('click', () =>
      open(this.#releaseDialog, 'release-fault'),
    );
    onSubmit(this.#stopDialog, 'stop-fault', () => this.#stop());
    onSubmit(this.#releaseDialog, 'release-fault', () => this.#release());
  }

  /** Rises with everything that is told of the switch. */
  get told(): number {
    return this.#told;
  }

  /** An answer, or what the WebSocket tells. */
  tell(state: State): void {
    this.#told += 1;
    this.#show(state);
  }

  /** What a look at the status found: old news where anything was told since the look was begun. */
  look(state: State, toldBefore: number): void {
    if (toldBefore === this.#told) this.#show(state);
  }

  #show({ active, grade, reason, sinceMs }: State): void {
    if (!active) this.#answer = undefined;
    setHidden(this.#strip, !active);
    this.#strip.dataset.grade = grade;
    const since = sinceMs === null || sinceMs === undefined ? '' : ` for ${span(Date.now() - sinceMs)}`;
    setText(byId('kill-grade', HTMLElement), `${WORDS[grade]}${since}${reason === '' ? '.' : ':'}`);
    setText(byId('kill-reason', HTMLElement), reason === '' ? '' : `${reason.replace(/\.$/, '')}.`);
    setText(byId('kill-out', HTMLElement), this.#outWords());
    setText(byId('stop-open', HTMLElement), grade === 'stop' ? 'Stop again' : 'Stop trading');
  }

  /** Figures for the question. */
  status({ queue, trades }: Status): void {
    if (queue === undefined || trades === undefined) return;
    setText(
      byId('stop-live', HTMLElement),
      `Now ${integer(queue.queued)} queued and ${integer(trades.live)} live; of these, what is out may still land, and is watched to its end.`,
    );
  }

  #outWords(): string {
    const { cancelled, mayStillLand } = this.#answer ?? {};
    if (cancelled === undefined || mayStillLand === undefined) return '';
    const out = mayStillLand.filter(({ state }) => !IN_A_BLOCK.has(state));
    const highest = Math.max(0, ...out.map(({ lastValidBlockHeight }) => lastValidBlockHeight));
    const until = out.length === 0 ? '' : ` until block height ${integer(highest)} at the latest`;
    const inBlock = mayStillLand.length - out.length;
    const landed = inBlock === 0 ? '' : `; ${integer(inBlock)} landed before, and are not final yet`;
    return `${integer(cancelled.length)} cancelled; ${integer(out.length)} may still land${until}${landed}.`;
  }

  async #stop(): Promise<void> {
    const chosen = this.#stopDialog.querySelector<HTMLInputElement>('input[name=grade]:checked');
    const reason = byId('stop-reason', HTMLInputElement).value.trim();
    const body = {
      grade: chosen?.value ?? 'stop',
      reason: reason === '' ? 'stopped on the dashboard' : reason,
    };
    this.#answer = await post<KillSwitchAnswer>(PATH, body);
    this.tell(this.#answer);
  }

  async #release(): Promise<void> {
    const reason = byId('release-reason', HTMLInputElement).value.trim();
    this.tell(await post<KillSwitchAnswer>(PATH, { active: false, reason }));
  }
}

/** With nothing of the last time in it: whoever asks for a stop in a hurry must not get the drain of an hour ago. */
function open(dialog: HTMLDialogElement, faultId: string): void {
  dialog.querySelector('form')?.reset();
  setHidden(byId(faultId, HTMLElement), true);
  dialog.showModal();
}

/** Keeps the dialog until it is done, and says why where it is not. */
function onSubmit(dialog: HTMLDialogElement, faultId: string, act: () => Promise<void>): void {
  const fault = byId(faultId, HTMLElement);
  const button = dialog.querySelector<HTMLButtonElement>('button[type=submit]')!;
  dialog.addEventListener('submit', (event) => {
    event.preventDefault();
    button.disabled = true;
    act()
      .then(() => dialog.close())
      .catch((error: unknown) => {
        setText(fault, wordsOf(error));
        setHidden(fault, false);
      })
      .finally(() => {
        button.disabled = false;
      });
  });
}
