/**
 * Calls code of the application: logs, and callbacks of watches. What it throws, or rejects with
 * later, reaches neither the caller nor the process, and does not keep later callbacks from being
 * called.
 *
 * @param failed Told of it. Must not throw.
 */
export function callOut<T>(
  call: (listener: T) => unknown,
  listener: T,
  failed: (error: unknown) => void,
): void {
  try {
    const returned = call(listener)
    // An asynchronous function is one that returns nothing, to the types.
    if (isThenable(returned)) returned.then(undefined, failed)
  } catch (error) {
    failed(error)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}
