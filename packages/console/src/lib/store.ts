import { useEffect, useState } from 'preact/hooks'

/** A value that several parts of the page follow. */
export interface Store<T> {
  get(): T
  set(value: T): void
  /** The value, in a component, which is drawn again when it changes. */
  use(): T
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial
  const listeners = new Set<(value: T) => void>()
  return {
    get: () => value,
    set(next) {
      value = next
      for (const listener of listeners) listener(next)
    },
    use() {
      const [shown, show] = useState(() => value)
      useEffect(() => {
        const listener = (next: T): void => {
          show(() => next)
        }
        // It may have changed between drawing and now.
        listener(value)
        listeners.add(listener)
        return () => listeners.delete(listener)
      }, [])
      return shown
    },
  }
}
