/** Every place of the console, once: the navigation, the palette and the routes are made from it. */
import type { Role } from '../lib/me.ts'
import type { IconName } from '../ui/icon.tsx'

export interface Area {
  /** The first part of its address; empty for the overview. */
  readonly path: string
  readonly name:
    | 'overview'
    | 'sessions'
    | 'end'
    | 'verifiers'
    | 'deliveries'
    | 'canary'
    | 'clients'
    | 'people'
    | 'keys'
    | 'issuers'
    | 'audit'
  readonly group: 'watch' | 'act' | 'manage'
  readonly icon: IconName
  /** Whom it is of use to. */
  readonly role: Role
}

export const areas: readonly Area[] = [
  { path: '', name: 'overview', group: 'watch', icon: 'overview', role: 'viewer' },
  { path: 'sessions', name: 'sessions', group: 'watch', icon: 'sessions', role: 'viewer' },
  { path: 'verifiers', name: 'verifiers', group: 'watch', icon: 'verifiers', role: 'viewer' },
  { path: 'deliveries', name: 'deliveries', group: 'watch', icon: 'deliveries', role: 'viewer' },
  { path: 'canary', name: 'canary', group: 'watch', icon: 'canary', role: 'viewer' },
  { path: 'end', name: 'end', group: 'act', icon: 'end', role: 'operator' },
  { path: 'people', name: 'people', group: 'manage', icon: 'people', role: 'viewer' },
  { path: 'clients', name: 'clients', group: 'manage', icon: 'clients', role: 'viewer' },
  { path: 'keys', name: 'keys', group: 'manage', icon: 'keys', role: 'viewer' },
  { path: 'issuers', name: 'issuers', group: 'manage', icon: 'issuers', role: 'viewer' },
  { path: 'audit', name: 'audit', group: 'manage', icon: 'audit', role: 'viewer' },
]

export const groups = ['watch', 'act', 'manage'] as const
