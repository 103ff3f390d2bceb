/** Whether what nodes say to each other through the database arrives, and who stands in between. */
import type pg from 'pg'
import { LOOK_EVERY_MS } from '../../stores/postgres/parts.ts'
import { fail, ok, reasonOf, warn, type Finding } from './finding.ts'

/** Without news for this long, notifications do not arrive. */
const PATIENCE_MS = 2000

/**
 * Listens on one connection and notifies on another, as nodes do.
 *
 * @param listener Connected.
 * @param connect Makes another client, not connected yet.
 */
export async function examineNotifications(
  listener: pg.Client,
  connect: () => pg.Client,
): Promise<Finding> {
  const check = 'postgres.listen'
  const pooled = await isPooled(listener)
  const teller = connect()
  try {
    await teller.connect()
    return judgeNotifications(await arrives(listener, teller), pooled)
  } catch (error) {
    return fail(check, reasonOf(error), 'check that the role may connect more than once')
  } finally {
    await teller.end().catch(() => undefined)
  }
}

export function judgeNotifications(arrive: boolean, pooled: boolean): Finding {
  const check = 'postgres.listen'
  if (!arrive) {
    return warn(
      check,
      `NOTIFY does not arrive${pooled ? ': a pooler stands in between' : ''}`,
      `connect to PostgreSQL itself: without the notifier, nodes look every ${String(LOOK_EVERY_MS.poll)} ms`,
    )
  }
  if (!pooled) return ok(check, 'NOTIFY arrives')
  return warn(
    check,
    'NOTIFY arrives, and a pooler stands in between',
    'connect to PostgreSQL itself: settings and prepared statements belong to a connection',
  )
}

/** The id of the process that answers is told at the start, and a pooler tells one of its own. */
async function isPooled(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]?.pid !== (client as { readonly processID?: number | null }).processID
}

async function arrives(listener: pg.Client, teller: pg.Client): Promise<boolean> {
  const channel = `outright_doctor_${crypto.randomUUID().slice(0, 8)}`
  let timer: NodeJS.Timeout | undefined
  const heard = new Promise<boolean>((resolve) => {
    listener.on('notification', (message) => {
      if (message.channel === channel) resolve(true)
    })
    timer = setTimeout(() => {
      resolve(false)
    }, PATIENCE_MS)
  })
  try {
    await listener.query(`LISTEN ${channel}`)
    await teller.query(`NOTIFY ${channel}`)
    return await heard
  } finally {
    clearTimeout(timer)
    await listener.query(`UNLISTEN ${channel}`)
  }
}
