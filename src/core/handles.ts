/** Secrets that are handed out and come back once: the state of a login, a step of a form. */
import { hash } from 'node:crypto'
import type { Json } from '../domain/session.ts'
import type { CoreDependencies } from './dependencies.ts'

/** Bytes of a handle: 43 characters of base64url. */
const HANDLE_BYTES = 32

export interface NewHandle {
  /** What it is for, begun with the surface's name: `baanx-authorization`. */
  readonly kind: string
  /** The value that the handle names. */
  readonly value: Json
  readonly lifetimeMs: number
}

export interface Handles {
  /** Stores the value under a handle that cannot be guessed; the store keeps only its hash. */
  issue(wish: NewHandle): Promise<string>
  /** The value that a handle names; undefined for an unknown, used or expired handle. */
  find(kind: string, handle: string): Promise<Json | undefined>
  /** The same, also of an expired handle: for what ends things, since this clock may be ahead. */
  findExpired(kind: string, handle: string): Promise<Json | undefined>
  /** Ends a handle; of any number of callers exactly one gets true. */
  take(kind: string, handle: string): Promise<boolean>
}

export function handleVerbs({
  store,
  clock,
  random,
}: Pick<CoreDependencies, 'store' | 'clock' | 'random'>): Handles {
  const find = async (kind: string, handle: string, nowMs: number): Promise<Json | undefined> => {
    const ticket = await store.findTicket(kind, digest(handle))
    if (ticket === undefined || nowMs > ticket.expiresAtMs) return undefined
    return JSON.parse(ticket.value) as Json
  }
  return {
    async issue({ kind, value, lifetimeMs }) {
      const handle = mintHandle(random)
      const expiresAtMs = clock.nowMs() + lifetimeMs
      const ticket = { kind, key: digest(handle), value: JSON.stringify(value), expiresAtMs }
      await store.putTicket(ticket)
      return handle
    },
    find: (kind, handle) => find(kind, handle, clock.nowMs()),
    findExpired: (kind, handle) => find(kind, handle, 0),
    take: async (kind, handle) => (await store.takeTicket(kind, digest(handle))) !== undefined,
  }
}

export function mintHandle(random: CoreDependencies['random']): string {
  return Buffer.from(random.bytes(HANDLE_BYTES)).toString('base64url')
}

/** Under what a secret is stored, so that a reader of the store cannot use it. */
export function digest(text: string): string {
  return hash('sha256', text, 'base64url')
}
