/** A request that cannot be made into a filter; its message is the real server's, without the common beginning. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
}
