import type { TicketStore } from '../ports/store.ts'

/** Numbers that an installation must remember across restarts. */
const KIND = 'installation'
/** November 2286: for as long as the installation lives. */
const NEVER_MS = 9_999_999_999_999

/** A remembered number; undefined where none was written. */
export async function readSetting(store: TicketStore, name: string): Promise<number | undefined> {
  const ticket = await store.findTicket(KIND, name)
  return ticket === undefined ? undefined : Number(ticket.value)
}

/** Remembers a number, durably. */
export function writeSetting(store: TicketStore, name: string, value: number): Promise<void> {
  return store.putTicket({ kind: KIND, key: name, value: String(value), expiresAtMs: NEVER_MS })
}
