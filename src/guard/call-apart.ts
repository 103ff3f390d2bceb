/**
 * Tells somebody something. What is thrown there reaches the runtime by itself, later: it keeps
 * nobody from being told who comes after.
 */
export function callApart<T>(tell: (listener: T) => void, listener: T): void {
  try {
    tell(listener)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
