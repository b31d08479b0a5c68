/** The API token: in this tab's session storage alone, never in an address. */
const KEY = 'hotslot-token';

/** A session storage that a browser forbids is as good as an empty one. */
let kept: string | undefined = read();

function read(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

export const token = (): string | undefined => kept;

export function setToken(value: string | undefined): void {
  kept = value;
  try {
    if (value === undefined) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, value);
  } catch {
    // It is kept in memory then, until the page is left.
  }
}

/** As a subprotocol carries it: base64url of UTF-8. */
export function tokenProtocol(value: string): string {
  const bytes = new TextEncoder().encode(value);
  const text = btoa(String.fromCharCode(...bytes));
  return `bearer.${text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
}
