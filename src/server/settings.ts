import type { TicketStore } from '../ports/store.ts'

/** Kind of the tickets that hold numbers which an installation must remember across restarts. */
export const SETTING_KIND = 'installation'
/** November 2286: for as long as the installation lives. */
const NEVER_MS = 9_999_999_999_999

/** A remembered number; undefined where none was written. */
export async function readSetting(store: TicketStore, name: string): Promise<number | undefined> {
  const ticket = await store.findTicket(SETTING_KIND, name)
  return ticket === undefined ? undefined : Number(ticket.value)
}

/** Remembers a number, durably. */
export function writeSetting(store: TicketStore, name: string, value: number): Promise<void> {
  return store.putTicket({
    kind: SETTING_KIND,
    key: name,
    value: String(value),
    expiresAtMs: NEVER_MS,
  })
}
