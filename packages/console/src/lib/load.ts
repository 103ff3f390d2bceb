import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { troubleOf, type Trouble } from './api.ts'

/** What is known of something that is asked for. What was there stays while it is asked again. */
export interface Loaded<T> {
  readonly value: T | undefined
  readonly trouble: Trouble | undefined
  readonly isLoading: boolean
  readonly reload: () => void
}

/**
 * Asks, and asks again when what the question is made of changes. An answer that comes after the
 * next question was asked is not for this page any more.
 *
 * @param everyMs Asks again so long after each answer, while the page is looked at.
 */
export function useLoad<T>(
  ask: () => Promise<T>,
  question: readonly unknown[],
  everyMs?: number,
): Loaded<T> {
  const key = JSON.stringify(question)
  const [state, setState] = useState<{
    readonly key: string
    readonly value: T | undefined
    readonly trouble: Trouble | undefined
    readonly isLoading: boolean
  }>({ key, value: undefined, trouble: undefined, isLoading: true })
  const [turn, setTurn] = useState(0)
  const latest = useRef(ask)
  latest.current = ask
  useEffect(() => {
    let isCurrent = true
    let timer: ReturnType<typeof setTimeout> | undefined
    const go = async (): Promise<void> => {
      setState((before) => ({
        key,
        value: before.key === key ? before.value : undefined,
        trouble: before.key === key ? before.trouble : undefined,
        isLoading: true,
      }))
      try {
        const value = await latest.current()
        if (isCurrent) setState({ key, value, trouble: undefined, isLoading: false })
      } catch (error) {
        const trouble = troubleOf(error)
        if (isCurrent) setState((before) => ({ ...before, trouble, isLoading: false }))
        if (trouble.kind === 'signed-out' || trouble.kind === 'forbidden') return
      }
      if (isCurrent && everyMs !== undefined) timer = setTimeout(again, everyMs)
    }
    const again = (): void => {
      if (document.visibilityState === 'visible') void go()
      else timer = setTimeout(again, everyMs)
    }
    void go()
    addEventListener('online', again)
    return () => {
      isCurrent = false
      clearTimeout(timer)
      removeEventListener('online', again)
    }
  }, [key, turn, everyMs])
  const reload = useCallback(() => {
    setTurn((before) => before + 1)
  }, [])
  // Of the question before: nothing of it is shown as the answer to this one.
  const isOld = state.key !== key
  return {
    value: isOld ? undefined : state.value,
    trouble: isOld ? undefined : state.trouble,
    isLoading: isOld || state.isLoading,
    reload,
  }
}
