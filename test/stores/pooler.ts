import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import type { TestCluster } from '../../src/testing/postgres.ts'

/**
 * What a pooler does that a node notices: it tells a process id of its own (BackendKeyData, `K`),
 * and in transaction mode no client gets what a connection is notified of (NotificationResponse,
 * `A`).
 */
export async function startPooler(
  target: Pick<TestCluster, 'host' | 'port'>,
  swallows: boolean,
): Promise<Server> {
  const pooler = createServer((client) => {
    const upstream = connect(target.port, target.host)
    for (const one of [client, upstream]) one.on('error', () => undefined)
    client.pipe(upstream)
    let pending = Buffer.alloc(0)
    upstream.on('data', (bytes) => {
      pending = Buffer.concat([pending, bytes])
      while (pending.length >= 5 && pending.length > pending.readInt32BE(1)) {
        const message = pending.subarray(0, 1 + pending.readInt32BE(1))
        pending = pending.subarray(message.length)
        const type = String.fromCharCode(message[0] ?? 0)
        if (type === 'K') message.writeInt32BE(7, 5)
        if (type !== 'A' || !swallows) client.write(message)
      }
    })
    upstream.on('end', () => client.end())
  })
  await new Promise<void>((resolve) => pooler.listen(0, '127.0.0.1', resolve))
  return pooler
}

/** The URL of a database, through a pooler. */
export function urlThrough(pooler: Server, databaseUrl: string): string {
  const url = new URL(databaseUrl)
  url.port = String((pooler.address() as AddressInfo).port)
  return url.href
}
