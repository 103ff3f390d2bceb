/** What people call the APIs: asked once, after the sign-in. */
import type { WireDialect } from 'outright/client'
import { api } from './api.ts'
import { createStore } from './store.ts'

const dialects = createStore<readonly WireDialect[]>([])

/** Until they are known, or where they cannot be had, names stand in for titles. */
export async function loadDialects(): Promise<void> {
  try {
    dialects.set(await api.dialects())
  } catch {
    // The next time that the console is opened.
  }
}

export function useDialectTitle(): (name: string) => string {
  const known = dialects.use()
  return (name) => known.find((one) => one.name === name)?.title ?? name
}

/** To choose from: those of sessions, or only those of clients. */
export function useDialectOptions(
  of: 'sessions' | 'clients',
): readonly (readonly [string, string])[] {
  return dialects
    .use()
    .filter(({ ofClients }) => of === 'sessions' || ofClients)
    .map(({ name, title }) => [name, title])
}
