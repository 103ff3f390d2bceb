/** Who is signed in, and what their role lets them do. */
import type { WireMe } from 'outright/client'
import { createStore } from './store.ts'

export type Role = WireMe['role']

const ranks: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 }

export const me = createStore<WireMe | undefined>(undefined)

/** Whether a button may be shown as one that works; the server decides in any case. */
export function useMay(role: Role): boolean {
  const known = me.use()
  return known !== undefined && ranks[known.role] >= ranks[role]
}
