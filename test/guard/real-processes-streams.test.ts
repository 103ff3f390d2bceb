/** What is open when its session ends: WebSockets and event streams in another process. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { Fleet, eventually, type GuardProcess } from './children/fleet.ts'

/** Longer than a busy machine may keep the guard from renewing. */
const LEASE_MS = 30_000

let fleet: Fleet
let guard: GuardProcess

before(async () => {
  fleet = await Fleet.start(LEASE_MS)
  guard = await fleet.addGuard()
  assert.equal(await guard.ready(), 'ready')
})

after(() => fleet.stop())

interface Open {
  readonly socket: WebSocket
  readonly events: IncomingMessage
  readonly ended: Set<string>
}

async function openBoth(token: string): Promise<Open> {
  const headers = { authorization: `Bearer ${token}` }
  const socket = new WebSocket(guard.url.replace('http', 'ws'), { headers })
  await once(socket, 'open')
  const events = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${guard.url}/events`, { headers }, resolve).on('error', reject)
  })
  assert.equal(events.statusCode, 200)
  const ended = new Set<string>()
  socket.on('error', () => undefined)
  socket.on('close', () => ended.add('socket'))
  events.on('error', () => undefined)
  events.on('close', () => ended.add('events'))
  events.resume()
  return { socket, events, ended }
}

test('a logout ends the WebSocket and the event stream of its session, and no other', async () => {
  const [dead, live] = await Promise.all([fleet.login(), fleet.login()])
  const ending = await openBoth(dead)
  const staying = await openBoth(live)
  await once(ending.events, 'data')
  assert.equal((await guard.status()).watches, 4)
  await fleet.logout(dead)
  // Ended before it was acknowledged; only the news have to reach the client.
  assert.ok((await guard.status()).watches <= 2)
  const both = (ended: ReadonlySet<string>): boolean => ended.size === 2
  await eventually('both ended', () => Promise.resolve(ending.ended), both)
  staying.socket.send('still there?')
  const [echo] = (await once(staying.socket, 'message')) as [Buffer]
  assert.equal(String(echo), 'still there?')
  await once(staying.events, 'data')
  assert.equal(staying.ended.size, 0)
  const refused = new WebSocket(guard.url.replace('http', 'ws'), {
    headers: { authorization: `Bearer ${dead}` },
  })
  const [error] = (await once(refused, 'error')) as [Error]
  assert.match(error.message, /401/)
  staying.socket.terminate()
  staying.events.destroy()
})
