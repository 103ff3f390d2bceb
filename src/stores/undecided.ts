/**
 * The mark in a database that may lack logouts which were answered: a backup, or one that was
 * opened although its files were incomplete. A ticket, so that every store has it and it travels
 * with the data. The server that opens the database decides what it means, and removes it.
 */
export const UNDECIDED = { kind: 'undecided', key: 'lost-logouts' } as const

/** How often an operator has decided. Who finds logouts missing after that comes too late. */
export const DECISIONS = { kind: 'undecided', key: 'decisions' } as const

/** November 2286: until it is taken away. */
export const NEVER_MS = 9_999_999_999_999
