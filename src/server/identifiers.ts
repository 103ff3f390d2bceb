/**
 * Brings the identifiers of a database that an earlier version wrote into their normal form, once.
 * An identifier that two people have is left to the first and reported: only an operator can know
 * whose it is.
 */
import { normalIdentifier } from '../domain/identifiers.ts'
import { Refusal } from '../domain/failure.ts'
import type { Subject } from '../domain/identity.ts'
import type { Log } from '../ports/log.ts'
import type { DirectoryStore } from '../ports/store.ts'
import type { TicketStore } from '../ports/ticket.ts'
import { readSettingText, writeSetting } from './settings.ts'

const DONE = 'normal-identifiers'
const VERSION = 1
const PAGE = 1000
const identifiers = ['username', 'email', 'phone'] as const

type Stored = Pick<DirectoryStore, 'listSubjects' | 'updateSubject' | 'findSubject'> &
  Pick<TicketStore, 'putTicket' | 'findTicket'>

/** Call it before the first look-up. Reads every subject the first time, and nothing after that. */
export async function normalizeIdentifiers(store: Stored, log: Log): Promise<void> {
  if (Number((await readSettingText(store, DONE)) ?? 0) >= VERSION) return
  let cursor: string | undefined
  do {
    const page = await store.listSubjects({ limit: PAGE, cursor })
    for (const subject of page.items) await normalize(store, subject, log)
    cursor = page.next
  } while (cursor !== undefined)
  await writeSetting(store, DONE, VERSION)
}

async function normalize(store: Stored, subject: Subject, log: Log): Promise<void> {
  const { id } = subject
  for (const by of identifiers) {
    const value = subject[by]
    if (value === undefined || normalIdentifier(by, value) === value) continue
    try {
      await store.updateSubject(id, { [by]: value })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const { kind } = error.failure
      if (kind === 'conflict') {
        const holder = await store.findSubject({ by, value })
        const fields = { subject: id, identifier: by, holder: holder?.id }
        log.warn(fields, 'Two people have one identifier in two spellings: its holder keeps it')
      } else if (kind === 'invalid_parameter') {
        log.warn(
          { subject: id, identifier: by },
          'An identifier is not valid: it cannot be used to log in',
        )
      } else {
        throw error
      }
    }
  }
}
