import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { headPathOf, removeHead } from '../../../src/stores/sqlite/head.ts'
import { restoreSqlite } from '../../../src/stores/sqlite/restore.ts'
import { SimulatedDatabase } from './database.ts'
import type { World } from './world.ts'

/** Backups of the database of a server that is alone, and what happens when one is restored. */
export class Backups {
  /** Whether one was restored: then there may be leases that the database does not know of. */
  isRestored = false
  readonly #world: World
  #folder: string | undefined
  #backup: string | undefined
  #issuedBefore = 0
  #decision: 'refuse' | 'end-everyone' = 'refuse'

  constructor(world: World) {
    this.#world = world
  }

  /** The database as it is in its place; in memory where it will never be restored. */
  open(): SimulatedDatabase {
    const stream = 'server-1'
    if (!this.#world.options.restores) return new SimulatedDatabase(stream)
    this.#folder ??= mkdtempSync(join(tmpdir(), 'outright-fleet-'))
    return new SimulatedDatabase(stream, this.#path)
  }

  /** What the server is to do with a database that may lack logouts. */
  get decision(): 'refuse' | 'end-everyone' {
    return this.#decision
  }

  /** The server has done it. Before, another backup in its place leaves that to be done. */
  decided(): void {
    this.#decision = 'refuse'
  }

  get isMade(): boolean {
    return this.#backup !== undefined
  }

  make(): void {
    const to = join(this.#folder ?? '', `backup-${this.#world.truth.issued.length}.db`)
    if (to === this.#backup) return
    this.#world.database.backUp(to)
    this.#backup = to
    this.#issuedBefore = this.#world.truth.issued.length
  }

  /**
   * Puts the backup in the place of the database, which no server has open.
   *
   * @param lost Whether the database itself is gone: then an operator decides to end everyone.
   */
  restore(lost: boolean): void {
    if (this.#backup === undefined) return
    const { truth, database, sabotage } = this.#world
    database.close()
    if (lost) rmSync(this.#path, { force: true })
    const restore = sabotage.restore ?? restoreSqlite
    restore(this.#backup, this.#path)
    // A simulated server notes no ends of its log: what this one says would be old in a while.
    removeHead(headPathOf(this.#path))
    truth.restored(this.#issuedBefore, lost)
    this.#world.claims.forget()
    this.isRestored = true
    if (lost) this.#decision = 'end-everyone'
    this.#world.database = this.open()
  }

  remove(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }

  get #path(): string {
    return join(this.#folder ?? '', 'outright.db')
  }
}
