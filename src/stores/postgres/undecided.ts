/**
 * The mark of `stores/undecided.ts` in PostgreSQL. Nodes that run look for it too: one that was cut
 * off while another node's logouts were answered, and lost, cannot know of them by itself.
 */
import { DECISIONS, NEVER_MS, UNDECIDED } from '../undecided.ts'
import type { Connection, Statement } from './connection.ts'
import type { Link } from './link.ts'
import { putTicket } from './tickets.ts'

/** Why a node stops that did not notice the loss itself. */
export const MARKED = 'the database was marked as one that has lost logouts'

const read: Statement = {
  name: 'undecided',
  text: 'SELECT t.key, t.value FROM tickets t WHERE t.kind = $1',
}

interface Marks {
  readonly isMarked: boolean
  /** How often an operator has decided. */
  readonly decisions: number
}

async function readMarks(connection: Connection): Promise<Marks> {
  const rows = await connection.run<{ key: string; value: string }>(read, [UNDECIDED.kind])
  const valueOf = (wanted: string) => rows.find(({ key }) => key === wanted)?.value
  return {
    isMarked: valueOf(UNDECIDED.key) !== undefined,
    decisions: Number(valueOf(DECISIONS.key) ?? 0),
  }
}

export class Undecided {
  #isKnown = false
  #decisions = 0

  /** A mark that is there already is for the start to decide about. */
  async open(link: Link): Promise<void> {
    const { isMarked, decisions } = await link.use(readMarks)
    this.#isKnown = isMarked
    this.#decisions = decisions
  }

  /**
   * Whether the database was marked since. Call it where the log is still the one that is known.
   */
  async look(link: Link): Promise<boolean> {
    const { isMarked, decisions } = await link.use(readMarks)
    this.#decisions = decisions
    const isNew = isMarked && !this.#isKnown
    this.#isKnown = isMarked
    return isNew
  }

  /**
   * Every node that starts from now on asks an operator first, and those that run stop. Not where
   * one has decided already: this node was away, and comes too late to tell.
   */
  mark(link: Link, value: string): Promise<void> {
    return link.use(async (connection) => {
      const { decisions } = await readMarks(connection)
      if (decisions > this.#decisions) return
      await putTicket(connection, { ...UNDECIDED, value, expiresAtMs: NEVER_MS })
    })
  }
}
