/** Small helpers over the DOM: what is there is kept, and only what changed is written. */

/** @throws Error where the page has no such element of that kind */
export function byId<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return found;
}

export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets `data-<name>`, by which the style sheet colours. */
export function setData(element: HTMLElement, name: string, value: string): void {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

export function setHidden(element: HTMLElement, isHidden: boolean): void {
  if (element.hidden !== isHidden) element.hidden = isHidden;
}

export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className = '',
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  if (className !== '') element.className = className;
  element.append(...children);
  return element;
}

/** A list whose rows are made once for each key and then only rewritten; what is not in the data goes. */
export class KeyedRows<Item> {
  readonly #parent: HTMLElement;
  readonly #keyOf: (item: Item) => string;
  readonly #create: () => Row<Item>;
  readonly #rows = new Map<string, Row<Item>>();

  constructor(parent: HTMLElement, keyOf: (item: Item) => string, create: () => Row<Item>) {
    this.#parent = parent;
    this.#keyOf = keyOf;
    this.#create = create;
  }

  /** Shows the items in their order. */
  show(items: readonly Item[]): void {
    const wanted = new Set(items.map(this.#keyOf));
    for (const [key, row] of this.#rows) {
      if (wanted.has(key)) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
    let place: Element | null = this.#parent.firstElementChild;
    for (const item of items) {
      const key = this.#keyOf(item);
      const row = this.#rows.get(key) ?? this.#create();
      this.#rows.set(key, row);
      row.update(item);
      if (row.element === place) place = place.nextElementSibling;
      else this.#parent.insertBefore(row.element, place);
    }
  }
}

export interface Row<Item> {
  readonly element: HTMLElement;
  update(item: Item): void;
}
