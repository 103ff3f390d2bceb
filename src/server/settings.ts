import type { TicketStore } from '../ports/ticket.ts'

/** Kind of the tickets that hold what an installation must remember across restarts. */
export const SETTING_KIND = 'installation'
/** November 2286: for as long as the installation lives. */
const NEVER_MS = 9_999_999_999_999
const MAX_SETTINGS = 1000

/** Remembers a number, durably. */
export function writeSetting(
  store: Pick<TicketStore, 'putTicket'>,
  name: string,
  value: number,
): Promise<void> {
  return writeSettingText(store, name, String(value))
}

/** A remembered text; undefined where none was written. */
export async function readSettingText(
  store: Pick<TicketStore, 'findTicket'>,
  name: string,
): Promise<string | undefined> {
  return (await store.findTicket(SETTING_KIND, name))?.value
}

/** The remembered texts whose names start so, by name. */
export async function settingTexts(
  store: Pick<TicketStore, 'listTickets'>,
  namePrefix: string,
): Promise<ReadonlyMap<string, string>> {
  const tickets = await store.listTickets(SETTING_KIND, namePrefix, MAX_SETTINGS)
  return new Map(tickets.map(({ key, value }) => [key, value]))
}

/** Remembers a text, durably. */
export function writeSettingText(
  store: Pick<TicketStore, 'putTicket'>,
  name: string,
  value: string,
): Promise<void> {
  return store.putTicket({ kind: SETTING_KIND, key: name, value, expiresAtMs: NEVER_MS })
}

/** The largest of the remembered numbers whose names start so; undefined where there is none. */
export async function largestSetting(
  store: Pick<TicketStore, 'listTickets'>,
  namePrefix: string,
): Promise<number | undefined> {
  const tickets = await store.listTickets(SETTING_KIND, namePrefix, MAX_SETTINGS)
  return tickets.length === 0 ? undefined : Math.max(...tickets.map(({ value }) => Number(value)))
}
