/** For work that is done piece by piece: everything else that waits has its turn of the event loop first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
