/** Where the token is entered, and forgotten. */
import { byId, setText } from './dom.js';
import { setToken } from './token.js';

export class TokenDialog {
  readonly #dialog = byId('token-dialog', HTMLDialogElement);
  readonly #input = byId('token-value', HTMLInputElement);
  #hasAsked = false;

  /** @param onChanged everything is asked for anew */
  constructor(onChanged: () => void) {
    byId('token-open', HTMLElement).addEventListener('click', () => this.#dialog.showModal());
    const use = (value: string | undefined) => {
      setToken(value);
      this.#input.value = '';
      this.#hasAsked = false;
      this.#dialog.close();
      onChanged();
    };
    this.#dialog.addEventListener('submit', (event) => {
      event.preventDefault();
      const value = this.#input.value.trim();
      use(value === '' ? undefined : value);
    });
    byId('token-forget', HTMLElement).addEventListener('click', () => use(undefined));
  }

  /** The executor wants one: asked for once, so that a dialog that was closed stays closed. */
  ask(why: string): void {
    if (this.#hasAsked || this.#dialog.open) return;
    this.#hasAsked = true;
    setText(byId('token-title', HTMLElement), why);
    this.#dialog.showModal();
  }
}
