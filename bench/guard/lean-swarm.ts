/**
 * A thousand feeds in one process that only say what guards say: start, pings, acknowledgements.
 * They verify nothing and keep nothing, so that what is measured is the node rather than the one
 * core on which a thousand guards would have to live here.
 */
import { WebSocket } from 'ws'
import { decodeNodeFrame } from '../../src/protocol/feed-decode.ts'
import { encodeGuardFrame } from '../../src/protocol/feed-encode.ts'
import { feedPath, feedSubprotocolOf, feedVersion } from '../../src/protocol/feed.ts'
import { answerTasks } from '../http/child.ts'
import { watchTasks } from '../http/watch.ts'
import type { SwarmInput } from './swarm.ts'

const AT_ONCE = 25
const RENEW_MS = 500
const noEpoch = new Uint8Array(16)

const sockets: WebSocket[] = []

answerTasks({ ...watchTasks(), join }, async () => {
  for (const socket of sockets) socket.terminate()
})

/** Resolves when every feed has been granted a lease. */
async function join({ port, credential, guards }: SwarmInput): Promise<void> {
  while (sockets.length < guards) {
    const some = Math.min(AT_ONCE, guards - sockets.length)
    await Promise.all(Array.from({ length: some }, () => follow(port, credential)))
  }
}

function follow(port: number, credential: string): Promise<void> {
  const socket = new WebSocket(
    `ws://127.0.0.1:${String(port)}${feedPath}`,
    feedSubprotocolOf(feedVersion),
    {
      headers: { authorization: `Bearer ${credential}` },
      perMessageDeflate: false,
    },
  )
  sockets.push(socket)
  let mark = 0
  let nonce = 0
  const ping = (): void => {
    socket.send(encodeGuardFrame({ type: 'ping', nonce: ++nonce, mark }))
  }
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('open', () => {
      socket.send(
        encodeGuardFrame({
          type: 'start',
          version: feedVersion,
          instance: crypto.getRandomValues(new Uint8Array(16)),
          attempt: 1,
          epoch: noEpoch,
          mark: 0,
          name: 'lean',
          software: 'bench',
        }),
      )
      ping()
      const timer = setInterval(ping, RENEW_MS)
      socket.on('close', () => {
        clearInterval(timer)
      })
    })
    socket.on('message', (data: Buffer) => {
      const frame = decodeNodeFrame(data)
      if (frame.type === 'pong' && frame.leaseMs > 0) resolve()
      if (frame.type !== 'entries' && frame.type !== 'snapshotEnd') return
      mark = frame.mark
      socket.send(encodeGuardFrame({ type: 'ack', mark }))
    })
  })
}
