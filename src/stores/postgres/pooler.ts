/**
 * Poolers between a node and its database. One that lends connections for a transaction takes with
 * it what was listened for, without a word; so where there is a pooler, the notifier is tried.
 */
import type { Clock } from '../../ports/clock.ts'
import type { Connection } from './connection.ts'

/** A notifier that has not been heard for this long is not heard, milliseconds. */
const PATIENCE_MS = 1_000

/**
 * Whether notifications of other nodes arrive over such a connection.
 *
 * @param listener May be listened on.
 * @param connect Makes another connection, over the same way.
 */
export async function hearsNotifications(
  listener: Connection,
  connect: () => Promise<Connection>,
  clock: Clock,
): Promise<boolean> {
  if (!(await isPooled(listener))) return true
  const channel = `outright_try_${crypto.randomUUID().slice(0, 8)}`
  const heard = new Promise<boolean>((resolve) => {
    const stop = clock.after(PATIENCE_MS, () => {
      resolve(false)
    })
    listener.onNotification(() => {
      stop()
      resolve(true)
    })
  })
  const ringer = await connect()
  try {
    await listener.command(`LISTEN ${channel}`)
    await ringer.command(`NOTIFY ${channel}`)
    return await heard
  } finally {
    await ringer.end()
  }
}

/** The id of the process that answers is told at the start, and a pooler tells one of its own. */
async function isPooled(connection: Connection): Promise<boolean> {
  const [row] = await connection.run<{ pid: number }>({
    name: 'process',
    text: 'SELECT pg_backend_pid() AS pid',
  })
  return row?.pid !== connection.processId
}
